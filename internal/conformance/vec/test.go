package vec

import (
	"strings"
	"testing"
)

// Test runs the vector files at paths inside a package's own tests: a failed
// check fails the test, the counts are logged.
func Test(t *testing.T, run Runner, paths ...string) {
	t.Helper()
	files, err := Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no vector files in %q", paths)
	}
	var failures strings.Builder
	report := &Report{Verbose: &failures}
	for _, f := range files {
		if err := run(report, f); err != nil {
			t.Errorf("%s: %v", f.Path, err)
		}
	}
	for _, g := range report.Groups() {
		t.Logf("%s %s", g, report.Group(g))
	}
	total := report.Total()
	if total.Failed > 0 {
		shown := 0
		for line := range strings.Lines(failures.String()) {
			if strings.HasPrefix(line, "FAIL") && shown < 40 {
				shown++
				t.Error(strings.TrimSuffix(line, "\n"))
			}
		}
		t.Errorf("%d checks failed", total.Failed)
	}
	if total.Passed == 0 {
		t.Error("no check passed")
	}
}
