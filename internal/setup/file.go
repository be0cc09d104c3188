package setup

import (
	"parley/internal/clock"
	"parley/internal/journey"
	"parley/internal/org"
)

// Version is that of the file's format.
const Version = 1

// File is what a set-up file says, read and checked.
type File struct {
	Version    int         `yaml:"version"`
	Workspaces []Workspace `yaml:"workspaces"`
}

// Workspace is one brand. What is left out of the workspace and its settings stays as it is; in a new one it takes its
// usual value.
type Workspace struct {
	Slug     string         `yaml:"slug"`
	Name     string         `yaml:"name"`
	Country  string         `yaml:"country,omitempty"`
	Timezone string         `yaml:"timezone,omitempty"`
	Currency string         `yaml:"currency,omitempty"`
	Pilot    *bool          `yaml:"pilot,omitempty"`
	Settings map[string]any `yaml:"settings,omitempty"` // fields of org.Settings
	Members  []Member       `yaml:"members,omitempty"`
	APIKeys  []APIKey       `yaml:"api_keys,omitempty"`
	Channels []Channel      `yaml:"channels,omitempty"`
	Shops    []Shop         `yaml:"shops,omitempty"`
	Offers   []Offer        `yaml:"offers,omitempty"`
	Journeys []Journey      `yaml:"journeys,omitempty"`

	Line int `yaml:"-"` // where it stands in the file
}

// Member is somebody of the team, by e-mail. Name and password are those of a new account; afterwards they are the
// person's own affair.
type Member struct {
	Email        string         `yaml:"email"`
	Name         string         `yaml:"name"`
	Role         org.Role       `yaml:"role"`
	Password     string         `yaml:"password,omitempty"`
	PasswordFile string         `yaml:"password_file,omitempty"` // relative to the set-up file; read into Password
	Limits       map[string]any `yaml:"limits,omitempty"`        // fields of org.GrantLimits; left out: stays as it is
	Disabled     bool           `yaml:"disabled,omitempty"`

	Line int `yaml:"-"`
}

// APIKey is a key with a secret that was chosen by whoever wrote the file.
type APIKey struct {
	Name      string           `yaml:"name"`
	Scopes    []org.Permission `yaml:"scopes"`
	Secret    string           `yaml:"secret"`
	ExpiresAt string           `yaml:"expires_at,omitempty"` // "2027-01-01T00:00:00Z"; left out: stays as it is

	Ends clock.Time `yaml:"-"` // ExpiresAt, read
	Line int        `yaml:"-"`
}

// Channel is an account at a provider.
type Channel struct {
	Name         string            `yaml:"name"`
	Kind         string            `yaml:"kind"`
	Settings     map[string]string `yaml:"settings,omitempty"` // by key of the kind's form, secrets among them
	Registration *Registration     `yaml:"registration,omitempty"`
	Stopped      bool              `yaml:"stopped,omitempty"`

	Line int `yaml:"-"`
}

// Registration is where a sender stands with the carriers.
type Registration struct {
	Kind  string `yaml:"kind"`
	State string `yaml:"state"`
}

// Shop is a shop that sends webhooks. Secrets that are left out stay as they are.
type Shop struct {
	Name           string  `yaml:"name"`
	Kind           string  `yaml:"kind"`
	Domain         string  `yaml:"domain"`
	BaseURL        string  `yaml:"base_url,omitempty"`
	Secret         *string `yaml:"secret,omitempty"`
	Token          *string `yaml:"token,omitempty"`
	ConsentWording string  `yaml:"consent_wording,omitempty"`

	Line int `yaml:"-"`
}

// Offer is something the brand may give.
type Offer struct {
	Name           string `yaml:"name"`
	Kind           string `yaml:"kind"`
	Percent        int    `yaml:"percent,omitempty"`
	Amount         string `yaml:"amount,omitempty"` // "5.00", in the workspace's currency
	Prefix         string `yaml:"prefix,omitempty"`
	ExpiresAfter   string `yaml:"expires_after,omitempty"` // "30d"
	MaxCodes       int    `yaml:"max_codes,omitempty"`
	AgentGrantable bool   `yaml:"agent_grantable,omitempty"`
	Shop           string `yaml:"shop,omitempty"`
	Archived       bool   `yaml:"archived,omitempty"`

	Life journey.Duration `yaml:"-"` // ExpiresAfter, read
	Line int              `yaml:"-"`
}

// Journey is a journey that is published as the file says.
type Journey struct {
	Name           string         `yaml:"name"`
	Paused         bool           `yaml:"paused,omitempty"`
	Definition     map[string]any `yaml:"definition,omitempty"`
	DefinitionFile string         `yaml:"definition_file,omitempty"` // JSON or YAML, relative to the set-up file

	Read journey.Definition `yaml:"-"` // what either of them says
	Line int                `yaml:"-"`
}
