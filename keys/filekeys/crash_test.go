package filekeys_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/filekeys"
)

// crashRounds is how often writers are killed. A thousand take minutes:
//
//	go test ./keys/filekeys -run TestCrash -v -crash.rounds 1000
var crashRounds = flag.Int("crash.rounds", 10, "how often TestCrash kills the writers")

// The environment that makes the test binary a writer.
const (
	crashDir    = "FILEKEYS_CRASH_DIR"
	crashWriter = "FILEKEYS_CRASH_WRITER"
)

// rotates is the writer that changes the key that encrypts values, over and over.
const rotates = "rotates"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeUntilKilled(dir, os.Getenv(crashWriter))
	}
	os.Exit(m.Run())
}

// writeUntilKilled counts in a key of its own and says each number that is
// saved.
func writeUntilKilled(dir, name string) {
	store, err := filekeys.Open(dir)
	for n := 1; err == nil && name == rotates; n++ {
		if err = store.RotateKey(context.Background()); err == nil {
			os.Stdout.WriteString(strconv.Itoa(n) + "\n")
		}
	}
	for err == nil {
		var set keys.Set
		if set, err = store.Load(context.Background(), keys.HostScope()); err != nil {
			break
		}
		n := counted(set, name) + 1
		set.Put(keys.FunctionKey, keys.Key{Name: name, Value: keys.NewSecret(strconv.Itoa(n))})
		err = store.Save(context.Background(), keys.HostScope(), set)
		if errors.Is(err, keys.ErrChanged) {
			err = nil
			continue
		}
		if err == nil {
			os.Stdout.WriteString(strconv.Itoa(n) + "\n")
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

// counted returns the number in a key, 0 if it is not there.
func counted(set keys.Set, name string) int {
	key, _ := set.Get(keys.FunctionKey, name, true)
	n, _ := strconv.Atoi(key.Value.Reveal())
	return n
}

// A writer is a process that counts.
type writer struct {
	name  string
	cmd   *exec.Cmd
	said  chan int // the last number it said, when it has ended
	first chan struct{}
	bad   string // anything else it said
}

func startWriter(t *testing.T, dir, name string) *writer {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{name: name, cmd: exec.Command(exe), said: make(chan int, 1), first: make(chan struct{})}
	w.cmd.Env = append(os.Environ(), crashDir+"="+dir, crashWriter+"="+name)
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		last := 0
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				w.bad = lines.Text()
				continue
			}
			if last == 0 {
				close(w.first)
			}
			last = n
		}
		if last == 0 {
			close(w.first)
		}
		w.said <- last
	}()
	return w
}

// TestCrash kills two writers, and a process that rotates the key of the folder, at
// random points, round after round. What a writer said to be saved is there
// afterwards, and the document is whole and can be decrypted.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	set := keys.Set{Master: keys.Key{Value: keys.NewSecret("the master key")}}
	if err := store.Save(t.Context(), keys.HostScope(), set); err != nil {
		t.Fatal(err)
	}
	said := map[string]int{}
	saved, rotated := 0, 0
	for round := range *crashRounds {
		writers := []*writer{startWriter(t, dir, "a"), startWriter(t, dir, "b"), startWriter(t, dir, rotates)}
		for _, w := range writers {
			<-w.first
		}
		for _, i := range rand.Perm(len(writers)) {
			pause := time.NewTimer(rand.N(3 * time.Millisecond))
			<-pause.C
			if err := writers[i].cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		for _, w := range writers {
			last := <-w.said
			w.cmd.Wait()
			if w.bad != "" {
				t.Fatalf("round %d: writer %s: %s", round, w.name, w.bad)
			}
			if w.name == rotates {
				rotated += last
				continue
			}
			said[w.name] = max(said[w.name], last)
		}
		set, err := store.Load(t.Context(), keys.HostScope())
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if set.Master.Value.Reveal() != "the master key" || len(set.Function) != 2 {
			t.Fatalf("round %d: the document is not whole: %v", round, set)
		}
		for name, n := range said {
			if got := counted(set, name); got < n || got > n+1 {
				t.Fatalf("round %d: writer %s said %d was saved, stored is %d", round, name, n, got)
			}
			said[name] = counted(set, name)
		}
		saved = said["a"] + said["b"]
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".new-") {
			left++
		}
	}
	if left > 3 {
		t.Errorf("%d unfinished files are left, of at most 3 writers", left)
	}
	t.Logf("%d rounds, %d changes saved, none lost, the key rotated %d times", *crashRounds, saved, rotated)
}
