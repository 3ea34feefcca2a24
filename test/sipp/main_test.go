package sipp_test

import (
	"fmt"
	"os"
	"testing"

	"powerline/test/helpline"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := helpline.RemoveBinaries(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}
