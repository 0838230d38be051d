//go:build !linux

package throttle

// none is a probe that can tell nothing on this system.
func none() ([]Reading, error) { return nil, nil }

// Memory reports nothing on this system.
func Memory() Probe { return ProbeFunc(none) }

// FileDescriptors reports nothing on this system.
func FileDescriptors() Probe { return ProbeFunc(none) }

// CPU reports nothing on this system.
func CPU() Probe { return ProbeFunc(none) }

// Pressure reports nothing on this system.
func Pressure(resource string, limit float64) Probe { return ProbeFunc(none) }

func groupMemoryLimit() float64 { return 0 }
