package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// Result is what one system did in one round of one benchmark.
type Result struct {
	At      time.Time          `json:"at"`
	Machine Machine            `json:"machine"`
	Bench   string             `json:"bench"`  // such as "hand-off"
	System  string             `json:"system"` // "powerline", "app_queue" or "dial"
	Round   int                `json:"round"`
	Size    map[string]float64 `json:"size,omitempty"` // what was given: agents, waiting, calls/s
	Figures map[string]float64 `json:"figures"`        // what came out; the name ends in the unit
	Beside  Beside             `json:"beside"`
}

// Beside is what else went on at the machine during the round.
type Beside struct {
	Others float64 `json:"others-cores"` // processors used by programs that do not belong to the benchmark
	Steal  float64 `json:"steal-cores"`  // processors that the host of this virtual machine took away
}

// Append adds a result to a file of results, which it makes if there is none.
func Append(path string, r Result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write a result: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write a result: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write a result to %s: %w", path, err)
	}
	return nil
}

// Read reads a file of results whole, or says which line is none.
func Read(path string) ([]Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	var all []Result
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		var r Result
		if err := decoder.Decode(&r); err != nil {
			return nil, fmt.Errorf("read results: %s, line %d: %w", path, i+1, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// Quantiles of times, in milliseconds, under the names p50-ms, p95-ms, p99-ms
// and max-ms: the nearest rank, so that each is a time that was measured. n is
// how many there were. It sorts the times.
func Quantiles(times []time.Duration) map[string]float64 {
	if len(times) == 0 {
		return map[string]float64{"n": 0}
	}
	slices.Sort(times)
	at := func(percent int) float64 {
		rank := (len(times)*percent + 99) / 100
		return float64(times[max(rank, 1)-1].Microseconds()) / 1000
	}
	return map[string]float64{
		"n": float64(len(times)), "p50-ms": at(50), "p95-ms": at(95), "p99-ms": at(99), "max-ms": at(100),
	}
}
