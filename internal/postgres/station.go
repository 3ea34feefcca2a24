package postgres

import "context"

// Station is a police station. It belongs to a district and is not one.
type Station struct {
	ID       string // a word such as "lko-hazratganj"
	District string
	Name     string
	Active   bool
}

// Stations lists the directory, of one district or, with an empty one, of all.
func (db *DB) Stations(ctx context.Context, district string) ([]Station, error) {
	return nil, errNotYet
}

// ImportStations stores all stations or none. Those that are stored and not
// named stay as they are.
func (db *DB) ImportStations(ctx context.Context, all []Station, by string) error { return errNotYet }
