package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"github.com/millrace-go/millrace/examples/imagepipeline/pipeline"
	"github.com/millrace-go/millrace/task"
)

// workerCommand is the argument with which the program is a worker.
const workerCommand = "worker"

// worker extracts features until its standard input ends, as it does with the
// process that started it, however that ends.
func worker(ctx context.Context, o options, s *screen) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	return task.NewWorker(pipeline.NewTopics(o.prefix).Extract, pipeline.Extract, task.WorkerConfig{
		Bootstrap: o.bootstrap, StopTimeout: 5 * time.Second, Logger: logger(s, slog.LevelWarn),
	}).Run(ctx)
}

func logger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// child is a worker's process.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{} // closed when err is there
	err   error
}

// hire starts a worker. What it logs goes to the screen.
func hire(o options, bootstrap string, s *screen) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	cmd := exec.Command(self, workerCommand, "-bootstrap", bootstrap, "-prefix", o.prefix) //nolint:gosec,noctx // this very program; stop ends it
	cmd.Stdout, cmd.Stderr = s, s
	c := &child{cmd: cmd, ended: make(chan struct{})}
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	go func() {
		defer close(c.ended)
		c.err = cmd.Wait()
	}()
	return c, nil
}

// stop lets the worker end what it does, and waits for its process to be gone.
func (c *child) stop() error {
	_ = c.stdin.Close() // it may have ended by itself
	select {
	case <-c.ended:
	case <-time.After(10 * time.Second):
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
	if c.err != nil {
		return fmt.Errorf("worker process %d: %w", c.cmd.Process.Pid, c.err)
	}
	return nil
}
