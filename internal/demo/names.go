package demo

import (
	"strings"
	"unicode"
)

func italianGiven() []string {
	return strings.Fields(`Alessia Alice Andrea Anna Antonio Arianna Beatrice Camilla Carlo Chiara Claudia Davide Diego Elena Elisa
		Emanuele Emma Enrico Fabio Federica Filippo Francesca Gabriele Gaia Giada Giorgia Giovanni Giulia Greta Irene Jacopo
		Laura Leonardo Lorenzo Luca Ludovica Marta Martina Massimo Matilde Michela Nicola Noemi Paola Pietro Riccardo Sara
		Serena Silvia Simone Sofia Stefano Tommaso Valentina Vittoria`)
}

func italianFamily() []string {
	return strings.Fields(`Barbieri Basile Bellini Benedetti Bernardi Bianchi Caruso Cattaneo Colombo Conti Coppola Costa
		Esposito Fabbri Farina Ferrara Ferrari Ferri Fontana Galli Gallo Gentile Giordano Grassi Greco Lombardi Longo Mancini
		Marchetti Mariani Marini Marino Martini Mazza Monti Moretti Neri Orlando Pagano Palumbo Parisi Pellegrini Ricci Rinaldi
		Riva Rizzo Romano Rossetti Rossi Russo Sala Santoro Serra Silvestri Testa Valentini Villa Vitale`)
}

func britishGiven() []string {
	return strings.Fields(`Abigail Amelia Benjamin Charlotte Chloe Daniel Edward Eleanor Ella Ethan Freya George Grace Hannah Harry
		Henry Holly Isla Jack James Jessica Joshua Leah Lily Lucy Matthew Megan Oliver Olivia Oscar Phoebe Poppy Rebecca Rose
		Samuel Sophie Thomas William Zoe`)
}

func britishFamily() []string {
	return strings.Fields(`Adams Bailey Barker Bennett Brooks Carter Chapman Clarke Collins Cooper Davies Edwards Ellis Fisher Foster
		Green Harris Hughes Hunt Jackson Kelly Knight Lewis Marsh Mason Mills Morgan Palmer Parker Pearce Reed Roberts Russell
		Shaw Stone Turner Walker Ward Watson Webb`)
}

func americanFamily() []string {
	return strings.Fields(`Alvarez Bishop Brady Carlson Chen Cruz Dalton Diaz Doyle Fleming Garcia Goldman Hansen Hayes Jensen Kim
		Lawson Lee Lopez Mendez Miller Murphy Nguyen Olson Park Patel Perez Quinn Ramirez Reyes Shapiro Singh Torres Vance
		Wagner Weaver Wong Young`)
}

func germanGiven() []string {
	return strings.Fields(`Anja Carla Clara Emil Felix Hanna Jan Jonas Julia Klara Lara Lena Leon Lina Marie Max Mia Nele Nora Paul
		Pia Sven Theo Tim Ute`)
}

func germanFamily() []string {
	return strings.Fields(`Bauer Becker Braun Fischer Frank Graf Hoffmann Keller Koch Lang Lehmann Maier Neumann Richter Roth Schmidt
		Schreiber Schulz Simon Vogel Wagner Weber Winter Wolf Ziegler`)
}

func spanishGiven() []string {
	return strings.Fields(`Adriana Alba Carlos Carmen Clara Daniela Elisa Emilio Hugo Ines Javier Jorge Laura Lola Lucas Manuel Marcos
		Marina Nuria Pablo Paula Pilar Raquel Sandra Teresa`)
}

func spanishFamily() []string {
	return strings.Fields(`Alonso Blanco Cabrera Campos Castro Delgado Flores Gallego Gil Herrera Iglesias Lozano Marin Medina Molina
		Moreno Navarro Ortega Pascual Prieto Ramos Rubio Santos Serrano Vega`)
}

// plain keeps the small letters, for the local part of an address.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r = unicode.ToLower(r); r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, name)
}
