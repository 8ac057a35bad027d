package nltest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Command is a program to run in the namespaces of the calling thread.
type Command struct {
	Argv  []string
	Env   []string // complete environment
	Dir   string
	Stdin []byte // nil reads /dev/null
	Limit time.Duration
}

// Result is what a program left behind.
type Result struct {
	Code           int // exit code; 128 + number for a signal
	Stdout, Stderr string
}

// Run runs a program to its end. The error is about the running, never about
// the exit code: the program is missing, took longer than Limit (20 s when not
// said) and was killed with its children, or cannot be killed because the
// kernel holds it.
func Run(c Command) (Result, error) {
	var out, errOut bytes.Buffer
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Env, cmd.Dir = c.Env, c.Dir
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if c.Stdin != nil {
		cmd.Stdin = bytes.NewReader(c.Stdin)
	}
	limit := c.Limit
	if limit == 0 {
		limit = 20 * time.Second
	}

	if err := cmd.Start(); err != nil {
		return Result{}, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var err error
	select {
	case err = <-done:
	case <-time.After(limit):
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		select {
		case <-done:
			return Result{}, fmt.Errorf("%s: killed after %v", strings.Join(c.Argv, " "), limit)
		case <-time.After(5 * time.Second):
			return Result{}, fmt.Errorf("%s: cannot be killed: %w", strings.Join(c.Argv, " "), ErrStuck)
		}
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && !errors.Is(err, io.ErrClosedPipe) {
		return Result{}, err
	}
	return Result{Code: exitCode(cmd), Stdout: out.String(), Stderr: errOut.String()}, nil
}

func exitCode(cmd *exec.Cmd) int {
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return cmd.ProcessState.ExitCode()
}
