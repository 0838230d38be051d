package throttle

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// system is the part of the file system that probes read.
type system struct{ fs fs.FS }

var root = system{os.DirFS("/")}

// Memory is a probe of the memory of the control group that the process runs in,
// "Memory", against the group's limit: what it uses, without file pages the kernel can
// drop. If a group around it is closer to a limit of its own, it is that group's.
// Versions 1 and 2 are known. Without a limit it reports none. Linux only; elsewhere it
// reports nothing.
func Memory() Probe { return ProbeFunc(root.memory) }

// FileDescriptors is a probe of the open file descriptors of the process,
// "FileDescriptors", against its soft limit. Linux only; elsewhere it reports nothing.
func FileDescriptors() Probe {
	return ProbeFunc(func() ([]Reading, error) {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			return nil, fmt.Errorf("throttle: RLIMIT_NOFILE: %w", err)
		}
		return root.descriptors(float64(limit.Cur))
	})
}

// CPU is a probe of the processor time of the process, "CPU", against that of all the
// processors it may use (GOMAXPROCS, which heeds the limit of a container): the mean of
// the last five readings. The first reading has nothing to compare with. Linux only;
// elsewhere it reports nothing.
func CPU() Probe {
	return &cpu{system: root, now: time.Now, processors: func() int { return runtime.GOMAXPROCS(0) }}
}

// Pressure is a probe of the time in which work stood still for want of a resource,
// "cpu", "memory" or "io", as the kernel accounts it (PSI): "Pressure.cpu" is the part
// of the last ten seconds, in percent, in which some task waited. It is that of the
// control group if there is one with version 2, else the machine's. The limit is in
// percent too. A kernel without this accounting reports nothing. Linux only; elsewhere
// it reports nothing.
func Pressure(resource string, limit float64) Probe {
	return ProbeFunc(func() ([]Reading, error) { return root.pressure(resource, limit) })
}

func groupMemoryLimit() float64 {
	limit, _ := root.memoryLimit()
	return limit
}

func (s system) read(name string) (string, error) {
	data, err := fs.ReadFile(s.fs, name)
	return string(bytes.TrimSpace(data)), err
}

// groups returns the folders in which to look for the files of a controller: that of
// the process's group as the kernel names it, those of the groups around it, and the
// mount itself, which is the group inside a container. A controller of "" is version 2.
func (s system) groups(controller string) []string {
	mount := path.Join("sys/fs/cgroup", controller)
	text, _ := s.read("proc/self/cgroup")
	var folders []string
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 || fields[1] != controller {
			continue
		}
		for name := path.Clean("/" + fields[2]); name != "/"; name = path.Dir(name) {
			folders = append(folders, path.Join(mount, name))
		}
		break
	}
	return append(folders, mount)
}

// number reads a file as a number; "max" is 0. It reports whether the file is there.
func (s system) number(folder, name string) (n float64, ok bool, err error) {
	text, err := s.read(path.Join(folder, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	case text == "max":
		return 0, true, nil
	}
	if n, err = strconv.ParseFloat(text, 64); err != nil {
		return 0, false, fmt.Errorf("throttle: %s in %s: %q is no number", name, folder, text)
	}
	return n, true, nil
}

// memoryFiles names what a version of control groups calls the same things.
type memoryFiles struct{ controller, limit, used, cache string }

var memoryVersions = []memoryFiles{
	{"", "memory.max", "memory.current", "inactive_file "},
	{"memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "},
}

// limitOf returns the limit of one group in bytes, 0 if there is none.
func (s system) limitOf(folder string, v memoryFiles) (float64, error) {
	limit, _, err := s.number(folder, v.limit)
	if limit >= 1<<62 { // version 1 writes its greatest number for none
		limit = 0
	}
	return limit, err
}

// memoryLimit returns the lowest limit of the groups that the process is in, in bytes,
// 0 if there is none.
func (s system) memoryLimit() (lowest float64, err error) {
	for _, v := range memoryVersions {
		for _, folder := range s.groups(v.controller) {
			limit, err := s.limitOf(folder, v)
			if err != nil {
				return 0, err
			}
			if limit > 0 && (lowest == 0 || limit < lowest) {
				lowest = limit
			}
		}
	}
	return lowest, nil
}

func (s system) memory() ([]Reading, error) {
	var closest []Reading // at most one
	for _, v := range memoryVersions {
		for _, folder := range s.groups(v.controller) {
			limit, err := s.limitOf(folder, v)
			if err != nil {
				return nil, err
			}
			used, ok, err := s.number(folder, v.used)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			r := Reading{"Memory", max(used-s.droppable(folder, v), 0), limit}
			if closest == nil || limit > 0 && (closest[0].Limit <= 0 || r.Value/limit > closest[0].Value/closest[0].Limit) {
				closest = []Reading{r}
			}
		}
		if closest != nil {
			break
		}
	}
	return closest, nil
}

// droppable returns the bytes of file pages that the kernel takes back first.
func (s system) droppable(folder string, v memoryFiles) float64 {
	stat, _ := s.read(path.Join(folder, "memory.stat"))
	for line := range strings.Lines(stat) {
		if text, ok := strings.CutPrefix(line, v.cache); ok {
			if n, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
				return n
			}
		}
	}
	return 0
}

func (s system) descriptors(limit float64) ([]Reading, error) {
	entries, err := fs.ReadDir(s.fs, "proc/self/fd")
	if err != nil {
		return nil, fmt.Errorf("throttle: file descriptors: %w", err)
	}
	return []Reading{{"FileDescriptors", float64(len(entries)), limit}}, nil
}

func (s system) pressure(resource string, limit float64) ([]Reading, error) {
	var text string
	var err error
	for _, folder := range s.groups("") {
		if text, err = s.read(path.Join(folder, resource+".pressure")); err == nil {
			break
		}
	}
	if err != nil {
		text, err = s.read("proc/pressure/" + resource)
	}
	if err != nil { // not accounted for: no such file, or EOPNOTSUPP
		return nil, nil
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "some" {
			continue
		}
		if v, ok := strings.CutPrefix(fields[1], "avg10="); ok {
			percent, err := strconv.ParseFloat(v, 64)
			if err == nil {
				return []Reading{{"Pressure." + resource, percent, limit}}, nil
			}
		}
	}
	return nil, fmt.Errorf("throttle: pressure of %s: %q has no average", resource, text)
}

// cpu compares the processor time of the process with the time that passed.
type cpu struct {
	system
	now        func() time.Time
	processors func() int

	at     time.Time
	used   time.Duration
	recent []float64 // at most 5
}

// tick is the unit of processor time in /proc, the same on every Linux.
const tick = time.Second / 100

func (c *cpu) Read() ([]Reading, error) {
	used, err := c.processTime()
	if err != nil {
		return nil, err
	}
	now := c.now()
	elapsed, ran := now.Sub(c.at), used-c.used
	first := c.at.IsZero()
	c.at, c.used = now, used
	if first || elapsed <= 0 {
		return nil, nil
	}
	if len(c.recent) == 5 {
		c.recent = append(c.recent[:0], c.recent[1:]...)
	}
	c.recent = append(c.recent, float64(ran)/float64(elapsed))
	var sum float64
	for _, v := range c.recent {
		sum += v
	}
	return []Reading{{"CPU", sum / float64(len(c.recent)), float64(c.processors())}}, nil
}

// processTime returns the time the process spent on processors, in user and in kernel
// mode: fields 14 and 15 of its stat, counted from behind its name, which may contain
// anything.
func (c *cpu) processTime() (time.Duration, error) {
	text, err := c.read("proc/self/stat")
	if err != nil {
		return 0, fmt.Errorf("throttle: processor time: %w", err)
	}
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("throttle: processor time: %q is too short", text)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	kernel, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, fmt.Errorf("throttle: processor time: %w", err)
	}
	return time.Duration(user+kernel) * tick, nil
}
