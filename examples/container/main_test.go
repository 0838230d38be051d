//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/internal/exampletest"
)

// app is the program, built as README.md says.
var app string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "app")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		app = filepath.Join(dir, "app")
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", app, ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%q: %v\n%s", cmd.Args, err, out)
			return 1
		}
		return m.Run()
	}())
}

// command runs a command to its end and returns what it printed.
func command(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", cmd.Args, err, out, stderr.String())
	}
	return string(out)
}

// folder makes a root file system as the Dockerfile does.
func folder(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "home"), os.DirFS("home")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(app)
	if err == nil {
		err = os.WriteFile(filepath.Join(root, "app"), text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		command(t, exec.Command("chown", "-R", "65532:65532", filepath.Join(root, "home", "data")))
	}
	return root
}

// in is how the program runs in a root file system: as the user of the image if
// the test may do that, with nothing else around it.
func in(root string) exampletest.Run {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		cmd := exec.CommandContext(ctx, filepath.Join(root, "app"), args...)
		cmd.Env = []string{"HOME=" + filepath.Join(root, "home")}
		if os.Getuid() == 0 {
			cmd = exec.CommandContext(ctx, "chroot", append([]string{"--userspec=65532:65532", root, "/app"}, args...)...)
			cmd.Env = []string{"HOME=/home", "PATH=" + os.Getenv("PATH")}
		}
		cmd.Stdout, cmd.Stderr = stdout, stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		if err := cmd.Start(); err != nil {
			return err
		}
		// A program that ends well after SIGTERM has drained.
		if err := cmd.Wait(); err != nil && (ctx.Err() == nil || !cmd.ProcessState.Success()) {
			return err
		}
		return nil
	}
}

// try asks the program in root what to try, and does it.
func try(t *testing.T, root string, p *exampletest.Program) *exampletest.Program {
	t.Helper()
	addr := strings.TrimPrefix(p.Base(t), "http://")
	if err := in(root)(t.Context(), []string{"health", "-addr", addr}, io.Discard, io.Discard); err != nil {
		t.Errorf("health: %v", err)
	}
	guide := exampletest.Start(t, in(root), "try", "-addr", addr)
	guide.Try(t)
	guide.Stop(t)
	return guide
}

func TestTwoInstances(t *testing.T) {
	root := folder(t)
	one := exampletest.Start(t, in(root), "-addr", "127.0.0.1:0")
	two := exampletest.Start(t, in(root), "-addr", "127.0.0.1:0")
	first, second := try(t, root, one), try(t, root, two)
	if got := strings.ReplaceAll(first.Text, one.Base(t), two.Base(t)); got != second.Text {
		t.Errorf("the keys of two instances differ:\n%s\n%s", got, second.Text)
	}

	// A new app is served once the hook was called, and not before; a bad one
	// never is.
	file := filepath.Join(root, "home", "site", "wwwroot", "HttpExample", "function.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	hook := slices.IndexFunc(first.Lines, func(l exampletest.Line) bool { return strings.Contains(l.Title, "Docker Hub") })
	moved := exampletest.Line{Command: "curl -i '" + one.Base(t) + "/api/hello?name=Eve'"}
	for _, step := range []struct {
		text       string
		hook, then string
	}{
		{`{"bindings":[{"type":"httpTrigger","authLevel":"anonymous","direction":"in","name":"req","route":"hello"}]}`, "", "404"},
		{"", "200", "200"},
		{`{"bindings":`, "500", "200"},
	} {
		if step.text != "" {
			write(step.text)
		}
		if step.hook != "" {
			line := first.Lines[hook]
			// Another push than the one before.
			line.Command = strings.Replace(line.Command, "1700000000", "170000"+step.hook, 1)
			if resp, body := line.Run(t); resp.Status[:3] != step.hook {
				t.Errorf("the hook answered %s %q, want %s\n%s", resp.Status, body, step.hook, one.Log())
			}
		}
		if resp, body := moved.Run(t); resp.Status[:3] != step.then {
			t.Errorf("after %q the function answered %s %q, want %s", step.text, resp.Status, body, step.then)
		}
	}
	one.Stop(t)
	two.Stop(t)
	info, err := os.Stat(filepath.Join(root, "home", "data", "Functions", "secrets", "host.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the keys on the volume: %v, %v, want a file of mode 0600", info, err)
	}
	document, err := os.ReadFile(filepath.Join(root, "home", "data", "Functions", "secrets", "host.json"))
	if err != nil || !strings.Contains(string(document), `"encrypted": true`) || strings.Contains(string(document), `"encrypted": false`) {
		t.Errorf("the keys on the volume are in clear: %v", err)
	}
	for _, p := range []*exampletest.Program{one, two} {
		for _, line := range first.Lines {
			_, key, found := strings.Cut(line.Command, "x-functions-key: ")
			if found && strings.Contains(p.Log(), key[:40]) {
				t.Error("a key is in the log")
			}
			if found && strings.Contains(string(document), key[:40]) {
				t.Error("a key is in clear on the volume")
			}
		}
	}
	if err := in(root)(t.Context(), []string{"health", "-addr", strings.TrimPrefix(one.Base(t), "http://")}, io.Discard, io.Discard); err == nil {
		t.Error("a program that ended is healthy")
	}
}

// TestReadme runs the README's commands, with testdata/docker, and then looks at
// the image that they made.
func TestReadme(t *testing.T) {
	if _, err := exec.LookPath("buildah"); err != nil {
		backend.Missing(t, "buildah: run apt-get install buildah")
	}
	if os.Getuid() != 0 {
		backend.Missing(t, "root, to build an image with buildah")
	}
	standIn, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	store := t.TempDir()
	t.Setenv("CONTAINERS", store)
	t.Setenv("PATH", standIn+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Cleanup(func() { end(store) })
	exampletest.Readme(t)
	for _, name := range []string{"one", "two"} {
		log, err := os.ReadFile(filepath.Join(store, name+".log"))
		if err != nil || !strings.Contains(string(log), "Serves /home/site/wwwroot") || strings.Contains(string(log), "cut off") {
			t.Errorf("%s logged %s, %v", name, log, err)
		}
	}
	checkImage(t, func(args ...string) string {
		t.Helper()
		args = append([]string{"--storage-driver", "vfs", "--root", filepath.Join(store, "root"), "--runroot", filepath.Join(store, "run")}, args...)
		return strings.TrimSpace(command(t, exec.Command("buildah", args...)))
	})
}

// end ends what a README that was not followed to its end left behind.
func end(store string) {
	for _, name := range []string{"one", "two"} {
		text, err := os.ReadFile(filepath.Join(store, name))
		if err != nil {
			continue
		}
		pid, _, _ := strings.Cut(string(text), " ")
		if n, err := strconv.Atoi(pid); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL) // it may have ended
		}
	}
}

// checkImage compares the image's configuration and files with the Dockerfile.
func checkImage(t *testing.T, buildah func(args ...string) string) {
	t.Helper()
	var image struct {
		OCIv1 struct {
			Config struct {
				User         string
				Env          []string
				Entrypoint   []string
				ExposedPorts map[string]struct{}
				Volumes      map[string]struct{}
			}
		}
	}
	if err := json.Unmarshal([]byte(buildah("inspect", "--type", "image", "app")), &image); err != nil {
		t.Fatal(err)
	}
	c := image.OCIv1.Config
	_, port := c.ExposedPorts["80/tcp"]
	_, port80 := c.ExposedPorts["80"]
	_, volume := c.Volumes["/home/data"]
	if c.User != "65532:65532" || !slices.Contains(c.Env, "HOME=/home") || !slices.Equal(c.Entrypoint, []string{"/app"}) || !port && !port80 || !volume {
		t.Errorf("the image's configuration is %+v", c)
	}

	container := buildah("from", "app")
	defer buildah("rm", container)
	root := buildah("mount", container)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains([]string{"app", "home"}, e.Name()) {
			t.Errorf("the image has %s in it", e.Name())
		}
	}
	for folder, user := range map[string]uint32{"home": 0, "home/site/wwwroot": 0, "home/data": 65532} {
		info, err := os.Stat(filepath.Join(root, folder))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != user {
			t.Errorf("%s belongs to user %d, want %d", folder, got, user)
		}
	}
}

// TestDrain ends the program while a request runs: that is answered, whoever else
// comes is told to go elsewhere, and the program ends well.
func TestDrain(t *testing.T) {
	root := folder(t)
	p := exampletest.Start(t, in(root), "-addr", "127.0.0.1:0")
	key := exampletest.Start(t, in(root), "try").Key(t)
	status := func(path string) int {
		t.Helper()
		status, _, _ := exampletest.Ask(t, "GET", p.Base(t)+path, nil, "")
		return status
	}
	held := exampletest.Hold(t, p.Base(t), "/api/HttpExample", "application/x-www-form-urlencoded", key, "name=late")
	if got := status("/ready"); got != 200 {
		t.Errorf("/ready: %d before the end, want 200", got)
	}
	p.Interrupt()
	for status("/ready") != 503 { // until the signal has arrived
		runtime.Gosched()
	}
	for path, want := range map[string]int{"/ready": 503, "/health": 200, "/api/HttpExample?name=new&code=" + key: 503} {
		if got := status(path); got != want {
			t.Errorf("%s: %d while it drains, want %d", path, got, want)
		}
	}
	if got, body := held.Finish(t); got != 200 || body != "Hello late\n" {
		t.Errorf("the running request was answered %d %q", got, body)
	}
	p.Stop(t)
	if resp, err := http.Get(p.Base(t) + "/health"); err == nil {
		resp.Body.Close()
		t.Error("the port is still open")
	}
}

// TestGrace: what does not end in time is cut off, and that is no clean end.
func TestGrace(t *testing.T) {
	root := folder(t)
	p := exampletest.Start(t, in(root), "-addr", "127.0.0.1:0", "-grace", "50ms")
	key := exampletest.Start(t, in(root), "try").Key(t)
	exampletest.Hold(t, p.Base(t), "/api/HttpExample", "application/x-www-form-urlencoded", key, "name=late")
	p.Interrupt()
	if err := p.Wait(); err == nil || !strings.Contains(p.Log(), "requests are cut off") {
		t.Errorf("it ended with %v\n%s", err, p.Log())
	}
}

func TestBadStarts(t *testing.T) {
	empty := t.TempDir()
	exampletest.Refuses(t, app, []string{"-home", empty}, filepath.Join(empty, "site", "wwwroot"))
	file := filepath.Join(empty, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	exampletest.Refuses(t, app, []string{"-home", file}, "mount a volume at "+filepath.Join(file, "data"))
	exampletest.Refuses(t, app, []string{"serve"}, "serve", "health and try")
	exampletest.Refuses(t, app, []string{"health", "-addr", "127.0.0.1:1"}, "127.0.0.1:1")
	root, taken := folder(t), exampletest.Taken(t)
	exampletest.Refuses(t, app, []string{"-home", filepath.Join(root, "home"), "-addr", taken}, taken, "-addr")
}

// TestKeyFileApart keeps the key that encrypts values away from the volume of the
// documents, and loses it.
func TestKeyFileApart(t *testing.T) {
	app, home := exampletest.Build(t, "."), t.TempDir()
	if err := os.CopyFS(home, os.DirFS("home")); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key")
	t.Setenv("KEY_FILE", key)
	for range 2 { // made, then shared
		p := exampletest.Start(t, exampletest.Exec(app), "-home", home, "-addr", "127.0.0.1:0")
		p.Base(t)
		p.Stop(t)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v, want mode 0600", info, err)
	}
	secrets := filepath.Join(home, "data", "Functions", "secrets")
	if _, err := os.Stat(filepath.Join(secrets, ".key")); err == nil {
		t.Error("there is a key beside the documents")
	}
	before, err := os.ReadFile(filepath.Join(secrets, "host.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	exampletest.Refuses(t, app, []string{"-home", home, "-addr", "127.0.0.1:0"}, key, "the key file is not there")
	after, err := os.ReadFile(filepath.Join(secrets, "host.json"))
	if err != nil || string(after) != string(before) {
		t.Errorf("without the key the document was changed: %v", err)
	}
}
