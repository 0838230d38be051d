package trigger_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/trigger"
)

// A siteOnDisk is a host whose app can be written over the admin endpoints.
type siteOnDisk struct {
	t       *testing.T
	dir     string
	folder  *trigger.Folder
	host    *trigger.Host
	config  trigger.Config
	changes int
}

const functionText = `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"},{"type":"http","direction":"out","name":"$return"}]}`

func onDisk(t *testing.T, compat bool, env map[string]string) *siteOnDisk {
	t.Helper()
	s := &siteOnDisk{t: t, dir: filepath.Join(t.TempDir(), "app")}
	for name, text := range map[string]string{
		"app/host.json": `{"version":"2.0"}`, "app/Hello/function.json": functionText, "app/Hello/run.js": "// hello", "secret.txt": "outside",
	} {
		file := filepath.Join(filepath.Dir(s.dir), name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret.txt", filepath.Join(s.dir, "link")); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.folder, err = trigger.OpenFolder(s.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.folder.Close() })
	app, err := trigger.LoadApp(s.folder, &trigger.LoadOptions{Compat: compat, Root: "/home/site/wwwroot", Env: env})
	if err != nil {
		t.Fatal(err)
	}
	store := &keys.Memory{}
	set := keys.Set{Master: keys.Key{Name: keys.MasterName, Value: keys.NewSecret("master-key-of-tests")}, Function: []keys.Key{{Name: "default", Value: keys.NewSecret("host-key-of-the-tests")}}}
	if err := store.Save(context.Background(), keys.HostScope(), set); err != nil {
		t.Fatal(err)
	}
	s.config = trigger.Config{
		App: app, Handlers: map[string]http.Handler{"Hello": returns("hello", nil)}, Keys: &keys.Resolver{Store: store, Compat: compat},
		Compat: compat, Env: env, Files: s.folder, FilesChanged: func(context.Context) { s.changes++ },
	}
	s.host, err = trigger.NewHost(s.config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *siteOnDisk) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("x-functions-key", "master-key-of-tests")
	for i := 0; i < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	rec := httptest.NewRecorder()
	s.host.ServeHTTP(rec, r)
	return rec
}

func (s *siteOnDisk) file(name string) string {
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return "no file"
	}
	return string(text)
}

func TestAdminFilesRead(t *testing.T) {
	for _, compat := range []bool{false, true} {
		s := onDisk(t, compat, nil)
		tests := []struct {
			method, target string
			status         int
			body           string
		}{
			{"GET", "/admin/vfs/host.json", 200, `{"version":"2.0"}`},
			{"GET", "/admin/vfs/home/site/wwwroot/host.json", 200, `{"version":"2.0"}`},
			{"GET", "/Admin/VFS/Hello/run.js", 200, "// hello"},
			{"GET", "/admin/vfs/none", 404, ""},
			{"GET", "/admin/vfs/Hello", 307, ""},
			{"GET", "/admin/vfs/host.json/", 307, ""},
			{"POST", "/admin/vfs/host.json", 405, ""},
			{"PATCH", "/admin/vfs/", 405, ""},
			{"PUT", "/admin/zip/Hello/", 405, ""},
			{"GET", "/admin/zip/host.json", 404, ""},
			{"GET", "/admin/vfs/../host.json", 404, ""},
			{"GET", "/admin/vfs/..%2fsecret.txt", 403, ""},
			{"GET", "/admin/vfs/%2e%2e%2Fsecret.txt", 403, ""},
			{"GET", "/admin/vfs/..%5csecret.txt", 403, ""},
			{"GET", "/admin/vfs/Hello//run.js", 403, ""},
			{"GET", "/admin/vfs/link", 403, ""},
			{"PUT", "/admin/vfs/..%2fnew.txt", 403, ""},
			{"DELETE", "/admin/vfs/%2e%2e%2fsecret.txt", 403, ""},
			{"DELETE", "/admin/vfs/", 409, ""},
			{"DELETE", "/admin/vfs/?recursive=true", 409, ""},
		}
		for _, tt := range tests {
			if rec := s.ask(tt.method, tt.target, ""); rec.Code != tt.status || rec.Body.String() != tt.body {
				t.Errorf("compat %v: %s %s: %d %q, want %d %q", compat, tt.method, tt.target, rec.Code, rec.Body, tt.status, tt.body)
			}
			for what, header := range map[string][]string{
				"no key": {"x-functions-key", ""}, "a wrong key": {"x-functions-key", "x"}, "a host key": {"x-functions-key", "host-key-of-the-tests"},
			} {
				if strings.Contains(tt.target, "/..") && tt.status == 404 {
					continue // no path below admin/vfs at all
				}
				if rec := s.ask(tt.method, tt.target, "", header...); rec.Code != 401 || rec.Body.Len() > 0 {
					t.Errorf("compat %v: %s %s with %s: %d %q, want 401", compat, tt.method, tt.target, what, rec.Code, rec.Body)
				}
			}
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(s.dir), "secret.txt")); err != nil {
			t.Error(err)
		}
		if s.changes != 0 {
			t.Errorf("%d changes", s.changes)
		}
	}
}

func TestAdminFilesFolders(t *testing.T) {
	s := onDisk(t, false, nil)
	var list []struct{ Name, Mime, Href, Path string }
	rec := s.ask("GET", "/admin/vfs/Hello/", "")
	if err := json.Unmarshal(rec.Body.Bytes(), &list); err != nil || len(list) != 2 {
		t.Fatalf("%d %s (%v)", rec.Code, rec.Body, err)
	}
	if got := list[1]; got.Name != "run.js" || got.Href != "http://example.com/admin/vfs/Hello/run.js" || got.Path != "/home/site/wwwroot/Hello/run.js" {
		t.Errorf("%+v", got)
	}
	if got := s.ask("GET", "/admin/vfs/Hello?code=x", "").Header().Get("Location"); got != "http://example.com/admin/vfs/Hello/" {
		t.Errorf("Location %q", got)
	}
	if rec := s.ask("GET", "/admin/vfs/Hello/run.js", "", "Range", "bytes=3-4"); rec.Code != 206 || rec.Body.String() != "he" {
		t.Errorf("range: %d %q", rec.Code, rec.Body)
	}
	tag := s.ask("GET", "/admin/vfs/Hello/run.js", "").Header().Get("Etag")
	if rec := s.ask("GET", "/admin/vfs/Hello/run.js", "", "If-None-Match", tag); rec.Code != 304 {
		t.Errorf("If-None-Match %s: %d", tag, rec.Code)
	}
}

// Files are created freely, and replaced or removed by who knows the tag.
func TestAdminFilesWrite(t *testing.T) {
	s := onDisk(t, false, nil)
	tag := func(name string) string { return s.ask("GET", "/admin/vfs/"+name, "").Header().Get("Etag") }
	steps := []struct {
		method, name, body, match string
		status                    int
		file, text                string
	}{
		{"PUT", "a/b/new.txt", "one", "", 201, "a/b/new.txt", "one"},
		{"PUT", "a/b/new.txt", "two", "", 412, "a/b/new.txt", "one"},
		{"PUT", "a/b/new.txt", "two", `"x"`, 412, "a/b/new.txt", "one"},
		{"PUT", "a/b/new.txt", "two", "tag", 204, "a/b/new.txt", "two"},
		{"PUT", "a/b/new.txt", "three", "*", 204, "a/b/new.txt", "three"},
		{"PUT", "a", "x", "*", 409, "a/b/new.txt", "three"},
		{"PUT", "a/c/", "", "", 201, "a/b/new.txt", "three"},
		{"PUT", "a/b/new.txt/deeper", "x", "", 409, "a/b/new.txt", "three"},
		{"DELETE", "a/b/new.txt", "", "", 412, "a/b/new.txt", "three"},
		{"DELETE", "a/b/", "", "", 409, "a/b/new.txt", "three"},
		{"DELETE", "a/b/new.txt", "", "tag", 200, "a/b/new.txt", "no file"},
		{"DELETE", "a/b/new.txt", "", "*", 404, "a/b/new.txt", "no file"},
		{"DELETE", "a/?recursive=true", "", "", 200, "a/b", "no file"},
	}
	for _, tt := range steps {
		header := []string{}
		switch tt.match {
		case "":
		case "tag":
			header = []string{"If-Match", `"y", ` + tag(tt.name)}
		default:
			header = []string{"If-Match", tt.match}
		}
		rec := s.ask(tt.method, "/admin/vfs/"+tt.name, tt.body, header...)
		if rec.Code != tt.status || s.file(tt.file) != tt.text {
			t.Errorf("%s %s, If-Match %s: %d and the file is %q, want %d and %q", tt.method, tt.name, tt.match, rec.Code, s.file(tt.file), tt.status, tt.text)
		}
	}
	if s.changes != 6 {
		t.Errorf("%d changes were told, want 6", s.changes)
	}
}

// A body that breaks off, or is too long, leaves the old file and nothing else.
func TestAdminFilesNeverHalf(t *testing.T) {
	s := onDisk(t, false, nil)
	r := httptest.NewRequest("PUT", "/admin/vfs/Hello/run.js", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	r.Header.Set("x-functions-key", "master-key-of-tests")
	r.Header.Set("If-Match", "*")
	rec := httptest.NewRecorder()
	s.host.ServeHTTP(rec, r)
	if rec.Code != 409 {
		t.Errorf("broken off: %d", rec.Code)
	}
	long := s.ask("PUT", "/admin/vfs/Hello/run.js", "", "If-Match", "*", "Content-Length", "")
	if long.Code != 204 || s.file("Hello/run.js") != "" {
		t.Errorf("empty: %d %q", long.Code, s.file("Hello/run.js"))
	}
	r = httptest.NewRequest("PUT", "/admin/vfs/Hello/big", nil)
	r.Header.Set("x-functions-key", "master-key-of-tests")
	r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeros{}, 104_857_601)), -1
	rec = httptest.NewRecorder()
	s.host.ServeHTTP(rec, r)
	if rec.Code != 413 {
		t.Errorf("too long: %d", rec.Code)
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, "Hello"))
	if err != nil || len(entries) != 2 {
		t.Errorf("left over: %v %v", entries, err)
	}
}

// An upload holds nobody up, and a file that was changed while it came is not
// replaced: its tag is another's by then, also when the host was reloaded.
func TestAdminFilesSlowUpload(t *testing.T) {
	for _, reload := range []bool{false, true} {
		s := onDisk(t, false, nil)
		tag := s.ask("GET", "/admin/vfs/Hello/run.js", "").Header().Get("Etag")
		body, send := io.Pipe()
		slow := httptest.NewRequest("PUT", "/admin/vfs/Hello/run.js", body)
		slow.Header.Set("x-functions-key", "master-key-of-tests")
		slow.Header.Set("If-Match", tag)
		rec := httptest.NewRecorder()
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.host.ServeHTTP(rec, slow)
		}()
		io.WriteString(send, "slow") // it has begun to read
		if reload {
			if err := s.host.Reload(s.config); err != nil {
				t.Fatal(err)
			}
		}
		if quick := s.ask("PUT", "/admin/vfs/Hello/run.js", "quicker", "If-Match", tag); quick.Code != 204 {
			t.Errorf("reload %v: the quick one: %d", reload, quick.Code)
		}
		send.Close()
		<-done
		if rec.Code != 412 || s.file("Hello/run.js") != "quicker" || s.changes != 1 {
			t.Errorf("reload %v: the slow one: %d, the file is %q, %d changes", reload, rec.Code, s.file("Hello/run.js"), s.changes)
		}
		if entries, err := os.ReadDir(filepath.Join(s.dir, "Hello")); err != nil || len(entries) != 2 {
			t.Errorf("reload %v: left over: %v %v", reload, entries, err)
		}
	}
}

func TestFolderKeepsMode(t *testing.T) {
	s := onDisk(t, false, nil)
	for _, mode := range []fs.FileMode{0o600, 0o664, 0o777} {
		if err := os.Chmod(filepath.Join(s.dir, "Hello/run.js"), mode); err != nil {
			t.Fatal(err)
		}
		if err := s.folder.Write("Hello/run.js", strings.NewReader("new")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(s.dir, "Hello/run.js")); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%v, %v, want %v", info, err, mode)
		}
	}
}

// vanishing is a folder one of whose files goes when it is to be opened.
type vanishing struct{ *trigger.Folder }

func (v vanishing) Open(name string) (fs.File, error) {
	if name == "Hello/run.js" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return v.Folder.Open(name)
}

// Whoever writes files meanwhile breaks no archive, and nothing half is in it.
func TestAdminDownloadWhileWriting(t *testing.T) {
	s := onDisk(t, false, nil)
	if err := os.WriteFile(filepath.Join(s.dir, "Hello", ".writing-0"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.config.Files = vanishing{s.folder}
	if err := s.host.Reload(s.config); err != nil {
		t.Fatal(err)
	}
	rec := s.ask("GET", "/admin/zip/Hello/", "")
	archive, err := zip.NewReader(bytes.NewReader(rec.Body.Bytes()), int64(rec.Body.Len()))
	if err != nil || len(archive.File) != 1 || archive.File[0].Name != "function.json" {
		t.Errorf("%v %v, want function.json alone", archive, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAdminDownload(t *testing.T) {
	s := onDisk(t, false, map[string]string{"WEBSITE_SITE_NAME": "shop"})
	for target, want := range map[string]string{
		"/admin/functions/download": "Hello/function.json Hello/run.js host.json",
		"/admin/zip/Hello/":         "function.json run.js",
	} {
		rec := s.ask("GET", target, "")
		archive, err := zip.NewReader(bytes.NewReader(rec.Body.Bytes()), int64(rec.Body.Len()))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range archive.File {
			names = append(names, f.Name)
		}
		if got := strings.Join(names, " "); got != want || rec.Header().Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s: %s %q, want %q", target, rec.Header().Get("Content-Type"), got, want)
		}
	}
	if got := s.ask("GET", "/admin/functions/download", "").Header().Get("Content-Disposition"); got != "attachment; filename=shop.zip" {
		t.Errorf("Content-Disposition %q", got)
	}
	if rec := s.ask("GET", "/admin/functions/download", "", "x-functions-key", "host-key-of-the-tests"); rec.Code != 403 {
		t.Errorf("with a host key: %d", rec.Code)
	}
}

func TestAdminFunctionFiles(t *testing.T) {
	s := onDisk(t, false, nil)
	const js = "application/json"
	config := strings.Replace(functionText, "anonymous", "admin", 1)
	files, _ := json.Marshal(map[string]any{"files": map[string]string{"function.json": functionText, "index.js": "x", "lib/a.js": "y"}})
	steps := []struct {
		method, name, ctype, body string
		status                    int
		file, text                string
	}{
		{"PUT", "fresh", js, `{"config":` + config + `}`, 201, "fresh/function.json", config},
		{"PUT", "fresh", js, string(files), 201, "fresh/function.json", functionText},
		{"PUT", "FRESH", js, `{"files":{"only.js":"z"}}`, 201, "fresh/only.js", "z"},
		{"PUT", "x.y", js, `{}`, 400, "x.y/function.json", "no file"},
		{"PUT", "host", js, `{}`, 400, "host/function.json", "no file"},
		{"PUT", "..%2fup", js, `{}`, 400, "../up/function.json", "no file"},
		{"PUT", "bad", js, `{"files":{"../x.js":"z"}}`, 400, "x.js", "no file"},
		{"PUT", "bad", js, `{"files":{"ok.js":"z","/x.js":"z"}}`, 400, "bad/ok.js", "no file"},
		{"PUT", "bad", js, `{`, 400, "bad/function.json", "no file"},
		{"PUT", "bad", "text/plain", `{}`, 415, "bad/function.json", "no file"},
		{"DELETE", "nope", "", "", 404, "host.json", `{"version":"2.0"}`},
		{"DELETE", "host.json", "", "", 404, "host.json", `{"version":"2.0"}`},
		{"DELETE", "Fresh", "", "", 204, "fresh/function.json", "no file"},
	}
	for _, tt := range steps {
		rec := s.ask(tt.method, "/admin/functions/"+tt.name, tt.body, "Content-Type", tt.ctype)
		if rec.Code != tt.status || s.file(tt.file) != tt.text {
			t.Errorf("%s %s %s: %d %s and the file is %q, want %d and %q", tt.method, tt.name, tt.body, rec.Code, rec.Body, s.file(tt.file), tt.status, tt.text)
		}
		if tt.status == 201 {
			var f struct{ Name, Href string }
			if err := json.Unmarshal(rec.Body.Bytes(), &f); err != nil || f.Name != "fresh" || rec.Header().Get("Location") == "" {
				t.Errorf("PUT %s: %s, Location %q", tt.name, rec.Body, rec.Header().Get("Location"))
			}
		}
	}
	if s.file("fresh/lib/a.js") != "no file" || s.changes != 4 {
		t.Errorf("lib/a.js is %q after %d changes", s.file("fresh/lib/a.js"), s.changes)
	}
}

// Without Files there is nothing of this, and without a master key no Files.
func TestAdminFilesOff(t *testing.T) {
	s := onDisk(t, false, nil)
	h := map[string]http.Handler{"Hello": returns("hello", nil)}
	app, err := trigger.LoadApp(s.folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []trigger.Config{{App: app, Handlers: h, Files: s.folder}, {App: app, Handlers: h, Files: s.folder, NoAdmin: true}} {
		if _, err := trigger.NewHost(c); err == nil {
			t.Errorf("NoAdmin %v: no error", c.NoAdmin)
		}
	}
	host, err := trigger.NewHost(trigger.Config{App: app, Handlers: h})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/admin/vfs/host.json", "/admin/zip/Hello/"} {
		rec := httptest.NewRecorder()
		host.ServeHTTP(rec, httptest.NewRequest("GET", target, nil))
		if rec.Code != 404 {
			t.Errorf("%s: %d, want 404", target, rec.Code)
		}
	}
}

// TR-218: behind the platform's front end the mark must be there; below admin/vfs
// its absence is 401, elsewhere 403.
func TestAdminFilesIsolation(t *testing.T) {
	s := onDisk(t, true, map[string]string{"FUNCTIONS_ADMIN_ISOLATION_ENABLED": "1", "WEBSITE_INSTANCE_ID": "e777"})
	for _, tt := range []struct {
		target, mark string
		status       int
	}{
		{"/admin/vfs/host.json", "true", 200}, {"/admin/vfs/host.json", "", 401},
		{"/admin/functions/download", "true", 200}, {"/admin/functions/download", "", 403},
	} {
		if rec := s.ask("GET", tt.target, "", "X-MS-PLATFORM-INTERNAL", tt.mark, "X-ARR-LOG-ID", "g"); rec.Code != tt.status {
			t.Errorf("%s, mark %q: %d, want %d", tt.target, tt.mark, rec.Code, tt.status)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	f, err := trigger.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := trigger.OpenFolder(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	for _, name := range []string{"../x", "/x", ".", "", "a/../x", "a//x"} {
		if err := f.Write(name, strings.NewReader("x")); err == nil {
			t.Errorf("Write(%q) = nil", name)
		}
		if err := f.Remove(name, true); err == nil {
			t.Errorf("Remove(%q) = nil", name)
		}
		if _, err := f.Open(name); err == nil && name != "." {
			t.Errorf("Open(%q) = nil", name)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "run.sh"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := f.Write("run.sh", strings.NewReader("#!/bin/sh")); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat("run.sh"); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("run.sh: %v %v", info.Mode(), err)
	}
}

// TR-54 and TR-55: Compat writes a host.json where the folder can be written.
func TestLoadAppWritesHostJSON(t *testing.T) {
	for _, tt := range []struct {
		name, before string
		compat       bool
		has          string
	}{
		{"missing", "", true, `"Microsoft.Azure.Functions.ExtensionBundle"`},
		{"empty object", " {} // nothing", true, `"isDefaultHostConfig": true`},
		{"missing in Default", "", false, "no file"},
		{"empty object in Default", "{}", false, "{}"},
		{"not empty", `{"version":"2.0"}`, true, `{"version":"2.0"}`},
		{"broken", `{`, true, `{`},
	} {
		dir := t.TempDir()
		if tt.before != "" {
			if err := os.WriteFile(filepath.Join(dir, "host.json"), []byte(tt.before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		f, err := trigger.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = trigger.LoadApp(f, &trigger.LoadOptions{Compat: tt.compat})
		_, again := trigger.LoadApp(f, &trigger.LoadOptions{Compat: tt.compat})
		f.Close()
		got := (&siteOnDisk{dir: dir}).file("host.json")
		if !strings.Contains(got, tt.has) || (again != nil) != (tt.name == "broken") {
			t.Errorf("%s: %s (%v), want %s in it", tt.name, got, again, tt.has)
		}
		app, err := trigger.LoadApp(os.DirFS(t.TempDir()), &trigger.LoadOptions{Compat: true})
		if err != nil || len(app.Warnings) > 0 {
			t.Errorf("read only: %v %v", err, app.Warnings)
		}
	}
}

// A lowered folder knows names in lower case only, as file systems do to which
// casing is nothing.
type lowered struct{ *trigger.Folder }

func (l lowered) Open(name string) (fs.File, error)     { return l.Folder.Open(strings.ToLower(name)) }
func (l lowered) Stat(name string) (fs.FileInfo, error) { return l.Folder.Stat(strings.ToLower(name)) }
func (l lowered) Write(name string, content io.Reader) error {
	return l.Folder.Write(strings.ToLower(name), content)
}

// What was just written is not removed as a leftover, whatever the casing of its
// name on the disk; a file that differs in casing alone is, where it is another.
func TestFunctionFilesOfOtherCasing(t *testing.T) {
	for _, insensitive := range []bool{true, false} {
		s := onDisk(t, false, nil)
		if insensitive {
			s.config.Files = lowered{s.folder}
			var err error
			if s.host, err = trigger.NewHost(s.config); err != nil {
				t.Fatal(err)
			}
		}
		for _, body := range []string{`{"files":{"run.js":"old"}}`, `{"files":{"Run.js":"new"}}`} {
			if rec := s.ask("PUT", "/admin/functions/fresh", body, "Content-Type", "application/json"); rec.Code != 201 {
				t.Fatalf("%s: %d %s", body, rec.Code, rec.Body)
			}
		}
		lower, upper := s.file("fresh/run.js"), s.file("fresh/Run.js")
		if insensitive && lower != "new" || !insensitive && (lower != "no file" || upper != "new") {
			t.Errorf("insensitive %v: run.js %q, Run.js %q", insensitive, lower, upper)
		}
	}
}
