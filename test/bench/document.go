package bench

import (
	"fmt"
	"regexp"
)

var place = regexp.MustCompile(`(?s)(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)`)

// Fill puts each table into its place in a document, between the lines
// `<!-- table: NAME -->` and `<!-- end -->`, and refuses a name that no table
// has. What stands outside is left as it is.
func Fill(document string, tables map[string]string) (string, error) {
	var unknown string
	filled := place.ReplaceAllStringFunc(document, func(found string) string {
		parts := place.FindStringSubmatch(found)
		text, ok := tables[parts[2]]
		if !ok {
			unknown = parts[2]
		}
		return parts[1] + text + parts[3]
	})
	if unknown != "" {
		return "", fmt.Errorf("fill the document: there is no table %q", unknown)
	}
	return filled, nil
}
