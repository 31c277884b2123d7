package task

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/millrace-go/millrace/internal/kafka"
	"github.com/millrace-go/millrace/serde"
)

// WorkerConfig tells a worker where its requests are and how to work. Only Bootstrap must be set.
type WorkerConfig struct {
	// Bootstrap is the brokers' addresses, "host:port,host:port".
	Bootstrap string
	// Properties are librdkafka's own settings: TLS, SASL, time-outs. Those on which the worker relies are refused. They are
	// never logged.
	Properties map[string]string

	// Group is the consumer group among whose members the requests are shared out. Default: "task-NAME".
	Group string
	// Name is who did it, in results. Default: the host's name and the process's id.
	Name string

	// Concurrency is how many requests are worked on at once. Default: GOMAXPROCS. More workers than the input topic has
	// partitions leave some without work; a higher Concurrency does not.
	Concurrency int

	// SessionTimeout is after how long without a sign of life the group gives a worker's requests to others. Default: 10 s.
	// Brokers accept 6 s to 30 min unless told otherwise.
	SessionTimeout time.Duration
	// StopTimeout is how long the work under way may go on when the worker is stopped. Default: 30 s. What is not done by
	// then is cancelled, and another worker does it.
	StopTimeout time.Duration

	// Logger gets what happens. Default: slog.Default().
	Logger *slog.Logger
}

func (c WorkerConfig) complete(task string) (WorkerConfig, error) {
	var errs []error
	if c.Bootstrap == "" {
		errs = append(errs, errors.New("no Bootstrap: give the brokers' addresses, host:port"))
	}
	if c.Group == "" {
		c.Group = "task-" + task
	}
	if c.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "worker"
		}
		c.Name = fmt.Sprintf("%s:%d", host, os.Getpid())
	}
	if c.Concurrency < 0 {
		errs = append(errs, fmt.Errorf("a concurrency of %d: give a positive number, or none for GOMAXPROCS", c.Concurrency))
	}
	if c.Concurrency == 0 {
		c.Concurrency = runtime.GOMAXPROCS(0)
	}
	if c.SessionTimeout < 0 || c.StopTimeout < 0 {
		errs = append(errs, fmt.Errorf("SessionTimeout is %v and StopTimeout %v: give positive ones, or 0 for the defaults", c.SessionTimeout, c.StopTimeout))
	}
	if c.SessionTimeout == 0 {
		c.SessionTimeout = 10 * time.Second
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 30 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if _, ok := c.Properties["group.id"]; ok {
		errs = append(errs, errors.New("property \"group.id\" cannot be set: set WorkerConfig.Group"))
	}
	return c, errors.Join(errs...)
}

// Worker answers a task's requests. Any number of them may run, in any number of processes.
type Worker[In, Out any] struct {
	t       Task[In, Out]
	do      func(context.Context, In) (Out, error)
	cfg     WorkerConfig
	request serde.Serde[In]
	result  serde.Serde[Out]
}

// NewWorker makes a worker that calls do for each request, several at once. What is wrong with t or cfg, [Worker.Run] says.
//
// do returns the result; a nil Out is a null. An error has the request tried again later, by any worker, unless it is
// [Permanent]; so has a panic. Its ctx ends when the attempt has taken too long (see [Options]), when the request was given
// to another worker, and when the worker is stopped and has waited; do should return then. It may be called more than once
// for one request, also by two workers at the same time: see the package comment. [AttemptOf] tells it more of the request.
func NewWorker[In, Out any](t Task[In, Out], do func(ctx context.Context, in In) (Out, error), cfg WorkerConfig) *Worker[In, Out] {
	return &Worker[In, Out]{t: t, do: do, cfg: cfg, request: orStock(t.Request), result: orStock(t.Result)}
}

// Run works until ctx ends; then it takes no more requests, waits for those under way (see WorkerConfig.StopTimeout), has
// their results acknowledged and returns nil. It returns an error if it cannot start or cannot go on; nothing is lost then,
// and it may be called again.
func (w *Worker[In, Out]) Run(ctx context.Context) error {
	if err := w.t.check(); err != nil {
		return err
	}
	cfg, err := w.cfg.complete(w.t.Name)
	if err != nil {
		return fmt.Errorf("task: worker of %s: %w", w.t.Name, err)
	}
	if w.do == nil {
		return fmt.Errorf("task: worker of %s: the function is nil: give one that does the work", w.t.Name)
	}
	client, err := kafka.Open(ctx, kafka.Config{Bootstrap: cfg.Bootstrap, Properties: cfg.Properties, Logger: cfg.Logger})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("task: worker of %s: %w", w.t.Name, err)
	}
	defer client.Close()
	c := newCrew(cfg, client, w.t.InputTopic(), w.t.OutputTopic(), w.perform)
	if err := c.run(ctx); err != nil {
		return fmt.Errorf("task: worker of %s: %w", w.t.Name, err)
	}
	return nil
}
