package exampletest

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/internal/backend"
)

// usual is the address on which the examples listen unless told otherwise.
const usual = "localhost:7071"

// turn is listened on by the test whose commands run: they use addresses that
// tests of other packages use as well. The system gives it back whatever happens,
// and gives it to nobody by chance: it is below the ports that it hands out.
const turn = "127.0.0.1:17071"

// readmeRuns is set for the commands of a README: one that runs the tests of the
// same package must not start anew.
const readmeRuns = "HTTPTRIGGER_README"

// A StandIn runs commands that begin with a word, such as npx, in another way.
type StandIn struct {
	Begins string
	Run    func(t *testing.T, command string)
}

// Readme runs the commands of README.md, which are its indented lines, in the
// root of the repository and in order. One that starts an example runs until its
// curl lines have been tried; any other must end with exit status 0, and if it
// prints a guide the curl lines of that are tried. Every curl line in a doc comment, and every start command in one, must be among them.
func Readme(t *testing.T, standIns ...StandIn) {
	t.Helper()
	if os.Getenv(readmeRuns) != "" {
		return
	}
	if _, err := exec.LookPath("sh"); err != nil {
		backend.Missing(t, "a shell, sh")
	}
	commands := Commands(t)
	checkComments(t, commands)
	takeTurn(t)
	env := Environment(t)
	for _, command := range commands {
		i := slices.IndexFunc(standIns, func(s StandIn) bool { return strings.HasPrefix(command, s.Begins) })
		switch {
		case i >= 0:
			standIns[i].Run(t, command)
		case strings.HasPrefix(command, "go run "):
			p := Start(t, inShell(command, env))
			if len(p.Lines) > 0 {
				p.Try(t)
			}
			p.Interrupt()
			// After Ctrl-C the go command's own status may be 1: what counts is what
			// it says of the program's.
			if err := p.Wait(); err != nil && ended.MatchString(p.Log()) {
				t.Errorf("%s ended with %v\n%s", command, err, p.Log())
			}
		default:
			var p Program
			if err := p.read(strings.NewReader(Command(t, command, env...))); err == nil {
				p.Try(t)
			}
		}
	}
}

// Commands returns the indented lines of README.md.
func Commands(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for line := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	if len(commands) == 0 {
		t.Fatal("README.md says nowhere how to start the program")
	}
	return commands
}

// ended is what the go command says of a program that failed.
var ended = regexp.MustCompile(`(?m)^(exit status|signal:) `)

// option is what a usage line has in brackets.
var option = regexp.MustCompile(` \[[^\]]*\]`)

// checkComments checks that what the package's comments tell readers to run is
// what the README does.
func checkComments(t *testing.T, commands []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			command, ok := strings.CutPrefix(line, "//\t")
			command = option.ReplaceAllString(strings.TrimSpace(command), "")
			if !ok || !strings.HasPrefix(command, "go ") && !strings.HasPrefix(command, "curl ") {
				continue
			}
			if !slices.ContainsFunc(commands, func(c string) bool { return strings.HasPrefix(c+" ", command+" ") }) {
				t.Errorf("%s says %q, and README.md has no such command", name, command)
			}
		}
	}
}

// Environment returns what the commands run with: settings of a home of their
// own, in which no key or job of an earlier start is, and Go's own folders.
func Environment(t *testing.T) []string {
	t.Helper()
	names := []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOENV", "GOPROXY", "GOFLAGS"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{readmeRuns + "=1"}
	for i, value := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		env = append(env, names[i]+"="+value)
	}
	home := t.TempDir()
	return append(env, "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, "config"), "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
}

// Command runs a command to its end in the root of the repository, with env
// beside the test's own environment, and returns what it printed.
func Command(t *testing.T, command string, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startWithin)
	defer cancel()
	var stdout, stderr log
	if err := inShell(command, env)(ctx, nil, &stdout, &stderr); err != nil {
		t.Fatalf("%s\n%v\n%s%s", command, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// inShell is how a command runs that somebody types in the root of the repository.
func inShell(command string, env []string) Run {
	return func(ctx context.Context, _ []string, stdout, stderr io.Writer) error {
		// A shell that somebody types into outlives Ctrl-C as well.
		cmd := exec.Command("sh", "-c", "trap : INT; "+command)
		cmd.Dir, cmd.Env = root(), append(os.Environ(), env...)
		return execute(ctx, cmd, stdout, stderr)
	}
}

// root is the folder of the repository that the test's own folder is in.
func root() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.work")); missing == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

// takeTurn waits until no other test runs commands, and then checks that the
// address they use is free.
func takeTurn(t *testing.T) {
	t.Helper()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	late := time.After(10 * time.Minute)
	for {
		if l, err := net.Listen("tcp", turn); err == nil {
			t.Cleanup(func() { l.Close() })
			break
		}
		select {
		case <-poll.C:
		case <-late:
			t.Fatalf("somebody else listens on %s", turn)
		}
	}
	l, err := net.Listen("tcp", usual)
	if err != nil {
		backend.Missing(t, "the address "+usual+": "+err.Error())
	}
	l.Close()
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
