//go:build !unix

package backend

import "os/exec"

// Without process groups, what the program itself started may outlive it.

func lead(*exec.Cmd)          {}
func terminate(cmd *exec.Cmd) { cmd.Process.Kill() }
func kill(cmd *exec.Cmd)      { cmd.Process.Kill() }
