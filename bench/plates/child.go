package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
)

// child is the counting process. It ends when its standard input does, so also when this process is killed.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func startWatch(ctx context.Context) (*child, <-chan string, error) {
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"-watch"}, os.Args[1:]...)...) //nolint:gosec // itself, with its own arguments
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return &child{cmd, in}, lines, nil
}

func (c *child) stop() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait()
}
