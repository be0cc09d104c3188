package compliance

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"time"
	_ "time/tzdata" // the law's clocks must not depend on the zone files of the machine
)

//go:embed data/*.json
var tables embed.FS

// Dataset says which table a rule came from, for the evidence kept with a decision.
type Dataset struct {
	Name    string `json:"-"`
	Source  string `json:"source"`
	AsOf    string `json:"as_of"` // day of compilation, 2006-01-02
	Version string `json:"version"`
}

// Rules holds every table, parsed. It never changes after Load and is safe for concurrent use.
type Rules struct {
	datasets []Dataset
	words    lexicon
	lint     lintTable
	messages map[string]catalogue
	places   placeTable
	hours    hourTable
	codes    map[string]map[string]Meaning
	senders  map[SenderKind]senderRule
	zones    *zoneCache
}

// Load parses the tables that ship with the program. It fails only when a table is malformed, which is a fault of
// the build.
func Load() (*Rules, error) {
	r := &Rules{zones: &zoneCache{known: map[string]*time.Location{}}}
	steps := []func() error{
		r.loadWords, r.loadLint, r.loadMessages, r.loadPlaces, r.loadHours, r.loadCodes, r.loadSenders,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("load compliance tables: %w", err)
		}
	}
	return r, nil
}

// Datasets lists the tables in use with their sources, dates and versions.
func (r *Rules) Datasets() []Dataset { return append([]Dataset(nil), r.datasets...) }

// read parses data/<name>.json strictly and notes its provenance.
func (r *Rules) read(name string, into any) error {
	raw, err := tables.ReadFile("data/" + name + ".json")
	if err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	envelope := struct {
		Dataset
		Rows json.RawMessage `json:"rows"`
	}{Dataset: Dataset{Name: name}}
	if err := strict(raw, &envelope); err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	if envelope.Source == "" || envelope.Version == "" || !isDay(envelope.AsOf) {
		return fmt.Errorf("table %s: source, as_of or version is missing", name)
	}
	r.datasets = append(r.datasets, envelope.Dataset)
	if err := strict(envelope.Rows, into); err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	return nil
}

func strict(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}
