package operator

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"powerline/internal/check"
)

// Report prints findings, one on a line or as JSON, and ends with ErrFindings if
// one of them is a FAIL.
func (s *Invocation) Report(report []check.Finding, asJSON bool) error {
	err := s.print(report, asJSON)
	if err == nil && check.Worst(report) == check.Fail {
		err = ErrFindings
	}
	return err
}

func (s *Invocation) print(report []check.Finding, asJSON bool) error {
	if asJSON {
		return PrintJSON(s.Out, report)
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, f := range report {
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Level, f.Subject, f.Text)
	}
	return t.Flush()
}

// PrintJSON writes one value, indented for a person.
func PrintJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
