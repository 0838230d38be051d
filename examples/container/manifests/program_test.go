package manifests_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/exampletest"
)

// An image is what the Dockerfile says.
type image struct {
	home, data string
	user       int64
	port       int32
}

func readImage(t *testing.T) image {
	t.Helper()
	one := func(expr string) string {
		found := regexp.MustCompile(`(?m)^`+expr+`$`).FindAllStringSubmatch(string(file(t, "Dockerfile")), -1)
		if len(found) != 1 {
			t.Fatalf("the Dockerfile has %d of %s, want one", len(found), expr)
		}
		return found[0][1]
	}
	user, userErr := strconv.ParseInt(one(`USER (\d+):\d+`), 10, 64)
	port, portErr := strconv.ParseInt(one(`EXPOSE (\d+)`), 10, 32)
	if err := errors.Join(userErr, portErr); err != nil {
		t.Fatal(err)
	}
	i := image{home: one(`ENV HOME=(\S+)`), data: one(`VOLUME (\S+)`), user: user, port: int32(port)}
	if i.data != path.Join(i.home, "data") {
		t.Errorf("the volume is %s, and the keys are below %s", i.data, i.home)
	}
	return i
}

// A program is the one of the example, running.
type program struct {
	base  string
	grace int64 // seconds that it may take to end
	key   string
}

// start builds and starts it with a home of its own.
func start(t *testing.T) program {
	t.Helper()
	binary, home := exampletest.Build(t, ".."), t.TempDir()
	if err := os.CopyFS(home, os.DirFS("../home")); err != nil {
		t.Fatal(err)
	}
	p := exampletest.Start(t, exampletest.Exec(binary), "-addr", "127.0.0.1:0", "-home", home)
	addr := strings.TrimPrefix(p.Base(t), "http://")
	guide := exampletest.Start(t, exampletest.Exec(binary), "try", "-addr", addr, "-home", home)
	usage, err := exec.Command(binary, "-h").CombinedOutput()
	text := regexp.MustCompile(`(?s)-grace .*?\(default ([^)]+)\)`).FindSubmatch(usage)
	if err != nil || text == nil {
		t.Fatalf("no -grace: %v\n%s", err, usage)
	}
	grace, err := time.ParseDuration(string(text[1]))
	if err != nil {
		t.Fatal(err)
	}
	// Beside the requests' own time the program takes a few seconds to close.
	return program{base: p.Base(t), grace: int64(grace/time.Second) + 5, key: guide.Key(t)}
}

// check asks what a probe asks.
func (p program) check(t *testing.T, name, path string) {
	t.Helper()
	resp, err := http.Get(p.base + path)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s: %s is answered %s", name, path, resp.Status)
	}
}

// module is the folder of a module's source.
func module(t *testing.T, path string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Clean(strings.TrimSpace(string(dir)))
}
