//go:build !unix

package backend

import "os/exec"

// Without process groups, what the program itself started may outlive it.

// Lead does nothing.
func Lead(*exec.Cmd) {}

// Interrupt ends the program.
func Interrupt(cmd *exec.Cmd) { cmd.Process.Kill() }

// Kill ends the program.
func Kill(cmd *exec.Cmd) { cmd.Process.Kill() }

func terminate(cmd *exec.Cmd) { cmd.Process.Kill() }
