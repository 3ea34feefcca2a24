package simulation

import (
	"os"
	"testing"
)

func presets() map[string]Options {
	return map[string]Options{"crashing": crashing, "bookless": bookless, "wiped": wiped, "leftAlone": leftAlone, "calm": calm}
}
func TestZZ(t *testing.T) {
	for name, o := range presets() {
		bad := 0
		days(400, func(s uint64) Options { p := o; p.Seed = s; return p }, func(r Report, err error) {
			if err != nil {
				bad++
				if bad < 8 {
					t.Log(name, err.Error()[:min(200, len(err.Error()))])
				}
			}
		})
		t.Log(name, bad)
	}
}
func TestTraceZZ(t *testing.T) {
	o := presets()[os.Getenv("PRESET")]
	o.Seed = *seed
	o.Trace = os.Stdout
	Run(o)
}
