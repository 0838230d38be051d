package layout_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/httptrigger/httptrigger/"

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath                         string
	Standard                           bool
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

// list returns the packages of the core module by import path.
func list(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Standard,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pkgs := map[string]pkg{}
	for dec := json.NewDecoder(out); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return pkgs
}

// room is the top folder of a package of this module, or "" for any other.
func room(importPath string) string {
	rest, ok := strings.CutPrefix(importPath, module)
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(rest, "/")
	return first
}

// mayImport says which rooms a room may import beside itself, in code and in
// tests alike. A room that is not listed here fails the test.
var mayImport = map[string][]string{
	"route":    {"internal"},
	"keys":     {"internal"},
	"throttle": {"internal"},
	"webhook":  {"internal"},
	"trigger":  {"route", "keys", "throttle", "webhook", "internal"},
	"examples": {"route", "keys", "throttle", "webhook", "trigger", "internal"},
	"internal": {"internal"},
}

// conformanceMayImport has the rooms of the runners, which put vectors to them.
var conformanceMayImport = map[string][]string{
	"vec":        {"internal"},
	"routevec":   {"internal", "route"},
	"keysvec":    {"internal", "keys"},
	"webhookvec": {"internal", "webhook"},
	"triggervec": {"internal", "route", "keys", "throttle", "webhook", "trigger"},
	"hostvec":    {"internal", "route", "keys", "throttle", "webhook", "trigger"},
	"wire":       {"internal"},
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range list(t) {
		from := room(p.ImportPath)
		allowed, ok := mayImport[from]
		if rest, in := strings.CutPrefix(p.ImportPath, module+"internal/conformance/"); in {
			name, _, _ := strings.Cut(rest, "/")
			allowed, ok = conformanceMayImport[name]
		} else if p.ImportPath == module+"internal/conformance" {
			allowed, ok = []string{"internal"}, true
		}
		if !ok {
			t.Errorf("%s: no rule says what it may import", p.ImportPath)
			continue
		}
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for _, imp := range imports {
				to := room(imp)
				if to == "" || to == from || slices.Contains(allowed, to) {
					continue
				}
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}

func TestRouteKnowsNothingOfHTTP(t *testing.T) {
	p, ok := list(t)[module+"route"]
	if !ok {
		t.Fatal("package route not found")
	}
	for _, dep := range p.Deps {
		if strings.HasPrefix(dep, module+"internal/") || strings.HasPrefix(dep, module+"route/") {
			continue
		}
		if dep == "net/http" || dep == "net" || dep == "net/url" || strings.Contains(dep, ".") {
			t.Errorf("route depends on %s", dep)
		}
	}
}

// allowedModules are the modules the core may depend on.
var allowedModules = []string{
	"github.com/google/uuid",
	"golang.org/x/time",
	"github.com/stretchr/testify",
}

func TestCoreDependencies(t *testing.T) {
	for _, p := range list(t) {
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for _, imp := range imports {
				first, _, _ := strings.Cut(imp, "/")
				if !strings.Contains(first, ".") || strings.HasPrefix(imp, module) {
					continue
				}
				ok := slices.ContainsFunc(allowedModules, func(m string) bool {
					return imp == m || strings.HasPrefix(imp, m+"/")
				})
				if !ok {
					t.Errorf("%s imports %s", p.ImportPath, imp)
				}
				if slices.Contains(p.Imports, imp) && path.Dir(imp) == "github.com/stretchr/testify" {
					t.Errorf("%s imports %s outside of tests", p.ImportPath, imp)
				}
			}
		}
	}
}

func TestConformanceKitsStayLight(t *testing.T) {
	for _, p := range list(t) {
		switch path.Base(p.ImportPath) {
		case "storetest", "verifiertest", "keystest":
		default:
			continue
		}
		parent := path.Dir(p.ImportPath)
		for _, imp := range p.Imports {
			if imp != parent && strings.Contains(imp, ".") {
				t.Errorf("%s imports %s beside its parent and the standard library", p.ImportPath, imp)
			}
		}
	}
}
