package config

import "reflect"

// RestartNeeded names the sections that differ and that a running engine
// cannot take over: its identity and its connections. Everything else is in
// force for the next decision after a reload.
func RestartNeeded(running, loaded Config) []string {
	sections := []struct {
		name string
		a, b any
	}{
		{"instance", running.Instance, loaded.Instance},
		{"http", running.HTTP, loaded.HTTP},
		{"asterisk", running.Asterisk, loaded.Asterisk},
		{"redis", running.Redis, loaded.Redis},
		{"postgres", running.Postgres, loaded.Postgres},
		{"journal", running.Journal, loaded.Journal},
		{"privacy", running.Privacy, loaded.Privacy},
		{"console", running.Console, loaded.Console},
	}
	var names []string
	for _, s := range sections {
		if !reflect.DeepEqual(s.a, s.b) {
			names = append(names, s.name)
		}
	}
	return names
}
