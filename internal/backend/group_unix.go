//go:build unix

package backend

import (
	"os/exec"
	"syscall"
)

// Lead makes the program the first of a process group, so that what it starts
// can be stopped with it.
func Lead(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Interrupt is what Ctrl-C does to a program and to what it started.
func Interrupt(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }

// terminate asks the program and what it started to end.
func terminate(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// Kill ends the program and what it started.
func Kill(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
