package throttle

import (
	"io/fs"
	"time"
)

// MemoryOf, PressureOf and CPUOf read made-up files.
func MemoryOf(fsys fs.FS) Probe { return ProbeFunc(system{fsys}.memory) }

func PressureOf(fsys fs.FS, resource string, limit float64) Probe {
	return ProbeFunc(func() ([]Reading, error) { return system{fsys}.pressure(resource, limit) })
}

func CPUOf(fsys fs.FS, now func() time.Time, processors int) Probe {
	return &cpu{system: system{fsys}, now: now, processors: func() int { return processors }}
}
