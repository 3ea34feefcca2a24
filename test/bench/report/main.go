// Command report makes the tables and plots of docs/performance.md out of
// docs/performance.jsonl. Run it at the top of the repository.
package main

import (
	"fmt"
	"os"
	"os/exec"

	"powerline/test/bench"
)

const (
	document = "docs/performance.md"
	results  = "docs/performance.jsonl"
	micro    = "docs/performance-micro.txt" // what `make bench-micro` printed
	plots    = "docs"
)

func main() {
	if err := report(); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func report() error {
	all, err := bench.Read(results)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	tables := bench.Tables(all)
	out, err := exec.Command("go", "tool", "benchstat", "-filter", ".unit:(sec/op OR p99-µs OR p99-cpu-µs)", micro).Output()
	if err != nil {
		return fmt.Errorf("benchstat: %w", err)
	}
	tables["micro"] = "```\n" + string(out) + "```\n"
	filled, err := bench.Fill(string(text), tables)
	if err != nil {
		return err
	}
	if err := os.WriteFile(document, []byte(filled), 0o644); err != nil {
		return err
	}
	return bench.Plot(all, plots)
}
