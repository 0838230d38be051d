package throttle_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/httptrigger/httptrigger/throttle"
)

func files(pairs ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fs[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1] + "\n")}
	}
	return fs
}

func TestMemory(t *testing.T) {
	const own, mem = "proc/self/cgroup", "sys/fs/cgroup/"
	tests := []struct {
		name string
		fs   fstest.MapFS
		want string
	}{
		{"version 2", files(own, "0::/app", mem+"app/memory.max", "1000", mem+"app/memory.current", "900", mem+"app/memory.stat", "anon 5\ninactive_file 100\nfile 300"), "[{Memory 800 1000}]"},
		{"version 2 in a container", files(own, "0::/../outside", mem+"memory.max", "1000", mem+"memory.current", "900"), "[{Memory 900 1000}]"},
		{"version 2, a limit further out", files(own, "0::/pod/app", mem+"pod/app/memory.max", "max", mem+"pod/app/memory.current", "500", mem+"pod/memory.max", "1000", mem+"pod/memory.current", "950", mem+"pod/memory.stat", "inactive_file 50", mem+"memory.max", "9000", mem+"memory.current", "960"), "[{Memory 900 1000}]"},
		{"version 2, the inner limit is closer", files(own, "0::/pod/app", mem+"pod/app/memory.max", "1000", mem+"pod/app/memory.current", "900", mem+"pod/memory.max", "2000", mem+"pod/memory.current", "1000"), "[{Memory 900 1000}]"},
		{"version 2, no limit anywhere", files(own, "0::/pod/app", mem+"pod/app/memory.max", "max", mem+"pod/app/memory.current", "500", mem+"pod/memory.max", "max", mem+"pod/memory.current", "900"), "[{Memory 500 0}]"},
		{"version 1, a limit further out", files(own, "4:memory:/a/b\n0::/a/b", mem+"memory/a/b/memory.limit_in_bytes", "9223372036854771712", mem+"memory/a/b/memory.usage_in_bytes", "700", mem+"memory/a/memory.limit_in_bytes", "1000", mem+"memory/a/memory.usage_in_bytes", "800"), "[{Memory 800 1000}]"},
		{"more file pages than memory", files(own, "0::/", mem+"memory.max", "1000", mem+"memory.current", "5", mem+"memory.stat", "inactive_file 100"), "[{Memory 0 1000}]"},
		{"version 2, no limit", files(own, "0::/", mem+"memory.max", "max", mem+"memory.current", "900"), "[{Memory 900 0}]"},
		{"version 1", files(own, "5:cpu:/x\n4:memory:/app\n0::/", mem+"memory/app/memory.limit_in_bytes", "1000", mem+"memory/app/memory.usage_in_bytes", "700", mem+"memory/app/memory.stat", "total_inactive_file 50"), "[{Memory 650 1000}]"},
		{"version 1 in a container", files(own, "4:memory:/docker/1", mem+"memory/memory.limit_in_bytes", "1000", mem+"memory/memory.usage_in_bytes", "700"), "[{Memory 700 1000}]"},
		{"version 1, no limit", files(own, "4:memory:/", mem+"memory/memory.limit_in_bytes", "9223372036854771712", mem+"memory/memory.usage_in_bytes", "700"), "[{Memory 700 0}]"},
		{"nothing", files(), "[]"},
		{"garbage", files(own, "0::/", mem+"memory.max", "lots"), `[] throttle: memory.max in sys/fs/cgroup: "lots" is no number`},
	}
	for _, tt := range tests {
		readings, err := throttle.MemoryOf(tt.fs).Read()
		got := fmt.Sprint(readings)
		if err != nil {
			got += " " + err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestPressure(t *testing.T) {
	const text = "some avg10=47.94 avg60=26.21 avg300=12.36 total=819767833\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0"
	tests := []struct {
		name string
		fs   fstest.MapFS
		want string
	}{
		{"machine", files("proc/pressure/cpu", text), "[{Pressure.cpu 47.94 60}] <nil>"},
		{"group", files("proc/pressure/cpu", text, "proc/self/cgroup", "0::/app", "sys/fs/cgroup/app/cpu.pressure", "some avg10=3.00 avg60=0.00"), "[{Pressure.cpu 3 60}] <nil>"},
		{"none", files(), "[] <nil>"},
		{"garbage", files("proc/pressure/cpu", "some other"), `[] throttle: pressure of cpu: "some other" has no average`},
	}
	for _, tt := range tests {
		readings, err := throttle.PressureOf(tt.fs, "cpu", 60).Read()
		if got := fmt.Sprint(readings, err); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestCPU(t *testing.T) {
	clock := newClock()
	fs := files("proc/self/stat", "")
	used := func(user, kernel int) {
		fs["proc/self/stat"].Data = fmt.Appendf(nil, "1 (a) name) S 1 1 1 0 -1 4194304 0 0 0 0 %d %d 0 0 20 0 1 0", user, kernel)
	}
	cpu := throttle.CPUOf(fs, clock.Now, 2)
	read := func() string {
		readings, err := cpu.Read()
		return fmt.Sprint(readings, err)
	}
	used(100, 50)
	if got := read(); got != "[] <nil>" {
		t.Errorf("first: %s", got)
	}
	clock.advance(time.Second)
	used(200, 100)
	if got := read(); got != "[{CPU 1.5 2}] <nil>" {
		t.Errorf("1.5 s of processor in a second: %s", got)
	}
	for range 5 {
		clock.advance(time.Second)
		if got := read(); got == "" {
			t.Error("no reading")
		}
	}
	if got := read(); got != "[] <nil>" {
		t.Errorf("no time passed: %s", got)
	}
	clock.advance(time.Second)
	if got := read(); got != "[{CPU 0 2}] <nil>" {
		t.Errorf("idle for five readings: %s", got)
	}
	for _, bad := range []string{"", "1 (x) S 1", "1 (x) S 1 1 1 0 -1 4194304 0 0 0 0 x y 0"} {
		fs["proc/self/stat"].Data = []byte(bad)
		if _, err := cpu.Read(); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// The probes on the machine the test runs on: they read something or nothing, but
// never fail.
func TestLinuxProbes(t *testing.T) {
	for name, p := range map[string]throttle.Probe{
		"Memory": throttle.Memory(), "FileDescriptors": throttle.FileDescriptors(), "CPU": throttle.CPU(),
		"cpu": throttle.Pressure("cpu", 80), "memory": throttle.Pressure("memory", 80), "io": throttle.Pressure("io", 80),
	} {
		for range 2 {
			readings, err := p.Read()
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, r := range readings {
				if r.Value < 0 || r.Limit < 0 {
					t.Errorf("%s: %+v", name, r)
				}
			}
		}
	}
}

func FuzzMemory(f *testing.F) {
	f.Add("0::/a\n1:x", "max", "anon 1\ninactive_file 2")
	f.Fuzz(func(t *testing.T, group, number, stat string) {
		fs := files("proc/self/cgroup", group, "sys/fs/cgroup/memory.max", number, "sys/fs/cgroup/memory.current", number, "sys/fs/cgroup/memory.stat", stat, "proc/pressure/cpu", stat, "proc/self/stat", stat)
		throttle.MemoryOf(fs).Read()
		throttle.PressureOf(fs, "cpu", 1).Read()
		throttle.CPUOf(fs, time.Now, 1).Read()
	})
}
