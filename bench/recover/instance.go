package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"github.com/millrace-go/millrace"
	usage "github.com/millrace-go/millrace/bench"
)

// report is a line that an instance writes: what it has, or a step of a task's restore, with what the process used by then.
type report struct {
	At      time.Time     `json:"at"`
	CPU     time.Duration `json:"cpu"`
	PeakMiB float64       `json:"peakMiB"`
	Ready   bool          `json:"ready"` // all tasks that it has run
	Tasks   int           `json:"tasks"`
	Copies  int           `json:"copies"` // of tasks that run elsewhere
	Behind  int64         `json:"behind"` // what they lack, in records
	Restore *step         `json:"restore"`
}

// step is one of a task's restore.
type step struct {
	Phase   millrace.RestorePhase `json:"phase"`
	Records int64                 `json:"records"`
}

// reportInterval is how often an instance says what it has.
const reportInterval = 100 * time.Millisecond

// serve is an instance. It ends when it is asked to, or when its standard input does: when who started it is gone.
func serve(ctx context.Context, f flags) (err error) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	if f.profile != "" {
		w, err := os.Create(f.profile + "-" + f.instance)
		if err != nil {
			return err
		}
		defer w.Close()
		if err := pprof.StartCPUProfile(w); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	topo, err := job(f)
	if err != nil {
		return err
	}
	level := slog.LevelWarn
	if f.verbose {
		level = slog.LevelDebug
	}
	var saying sync.Mutex
	out := json.NewEncoder(os.Stdout)
	say := func(r report) {
		saying.Lock()
		defer saying.Unlock()
		r.At, r.CPU, r.PeakMiB = time.Now(), usage.CPUTime(), usage.PeakRSS()
		if err := out.Encode(r); err != nil {
			os.Exit(1)
		}
	}
	app, err := millrace.New(topo, millrace.Config{
		Bootstrap: f.bootstrap, StateDir: f.state, InstanceID: f.instance, Workers: f.workers, SessionTimeout: f.session, ReplicationFactor: 1,
		Standbys:  f.standbys,
		OnRestore: func(p millrace.RestoreProgress) { say(report{Restore: &step{p.Phase, p.Records}}) },
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})).With("instance", f.instance),
	})
	if err != nil {
		return err
	}
	go func() { // to the end of the process
		for range time.Tick(reportInterval) {
			h := app.Health()
			r := report{Ready: h.Ready, Tasks: len(h.Tasks), Copies: len(h.Standbys)}
			for _, n := range h.Standbys {
				r.Behind += n
			}
			say(r)
		}
	}()
	return app.Run(ctx)
}

// machine says on what it was measured.
func machine() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	name, cores := "unknown processor", 0
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			name = strings.TrimSpace(v)
			cores++
		}
	}
	return fmt.Sprintf("%s, %d cores for the instances, this program and (on one machine) the broker", name, cores)
}
