package softphone

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestGivenTheCommittedLibrary_WhenItIsCompared_ThenItIsWhatTheLockFileMakes(t *testing.T) {
	sums, err := os.ReadFile("bundle/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for line := range strings.Lines(string(sums)) {
		want, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("%q is no line of sha256sum", line)
		}
		body, err := fs.ReadFile(static, "static/vendor/"+name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not what was recorded: run make phone-bundle", name)
		}
		compared++
	}
	vendored, err := fs.ReadDir(static, "static/vendor")
	if err != nil || len(vendored) != compared {
		t.Errorf("%d of %d files have a digest (%v)", compared, len(vendored), err)
	}
}

func TestGivenTheLibrary_WhenItsVersionsAreRead_ThenManifestLockFileLicencesAndBundleAgree(t *testing.T) {
	var manifest struct{ Dependencies map[string]string }
	var lock struct {
		Packages map[string]struct{ Version, Resolved string }
	}
	for name, into := range map[string]any{"bundle/package.json": &manifest, "bundle/package-lock.json": &lock} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	want := manifest.Dependencies["jssip"]
	if want == "" || strings.ContainsAny(want, "^~*x ") || lock.Packages["node_modules/jssip"].Version != want {
		t.Errorf("package.json wants JsSIP %q, the lock file has %q: want one exact version", want, lock.Packages["node_modules/jssip"].Version)
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" {
			t.Errorf("%s names a host: make the lock file with npm install --omit-lockfile-registry-resolved", name)
		}
	}
	bundle, _ := fs.ReadFile(static, "static/vendor/jssip.js")
	licences, _ := fs.ReadFile(static, "static/vendor/jssip.LICENCES.txt")
	if !bytes.Contains(bundle, []byte(want)) || !bytes.Contains(licences, []byte("== jssip "+want+" ==")) {
		t.Errorf("bundle or licences are not of JsSIP %s", want)
	}
}

// TestGivenOurScripts…: the page's policy forbids what is looked for here, but a
// browser says so at run time only.
func TestGivenOurScripts_WhenTheyAreRead_ThenNothingIsEvaluatedFetchedFromElsewhereOrKeptOfACall(t *testing.T) {
	for _, name := range []string{"softphone.js", "wire.js", "panel.js", "vendor/jssip.js"} {
		body, err := fs.ReadFile(static, "static/"+name)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"eval(", "new Function(", "document.write", "importScripts", "sessionStorage", "document.cookie"} {
			if bytes.Contains(body, []byte(bad)) {
				t.Errorf("%s has %s", name, bad)
			}
		}
		if !strings.HasPrefix(name, "vendor/") && bytes.Contains(body, []byte("innerHTML")) {
			t.Errorf("%s writes markup", name)
		}
	}
}
