package task_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// Site is what goes out: an image to look at.
type Site struct{ File string }

// Features is what comes back.
type Features struct{ Cells int }

// ExtractFeatures is the task. Topology and worker share it.
var ExtractFeatures = task.Define[Site, Features]("extract-features")

// A topology hands sites to workers and goes on with what they find. In a test, the test is the worker.
func ExampleExternal() {
	sites := topology.NewTopic[string, Site]("sites")
	features := topology.NewTopic[string, Features]("site_features")
	b := topology.New("plates")
	task.External(stream.From(b, sites), ExtractFeatures, task.Options{Attempts: 3}).To(features)

	d := testkit.New(&testing.T{}, topology.Must(b.Build()))
	requests, results := d.Output(ExtractFeatures.Requests[string]()), d.Input(ExtractFeatures.Results[string]())

	d.Input(sites).Pipe("plate-1/A01", Site{File: "a01.tif"}, 1000)
	first := requests.Read()
	fmt.Printf("attempt %d of %d: %s\n", first.Value.Attempt, first.Value.Attempts, first.Value.Body.File)

	results.Pipe(first.Key, first.Value.Failed[Features](errors.New("out of memory")), 0)
	d.Advance(1100 * time.Millisecond) // the first wait is a second at most
	second := requests.Read()
	fmt.Printf("attempt %d of %d: %s\n", second.Value.Attempt, second.Value.Attempts, second.Value.Body.File)

	results.Pipe(second.Key, second.Value.Done(Features{Cells: 212}), 0)
	results.Pipe(first.Key, first.Value.Done(Features{Cells: 212}), 0) // late, and of no account
	for _, r := range d.Output(features).ReadAll() {
		fmt.Println(r.Key, r.Value.Cells, "at", r.Timestamp)
	}
	// Output:
	// attempt 1 of 3: a01.tif
	// attempt 2 of 3: a01.tif
	// plate-1/A01 212 at 1000
}

// A worker's function is a plain one. What it returns decides what happens next.
func ExampleNewWorker() {
	extract := func(ctx context.Context, s Site) (Features, error) {
		if err := ctx.Err(); err != nil {
			return Features{}, err // too late: another attempt follows
		}
		if s.File == "" {
			return Features{}, task.Permanent(errors.New("the site has no file")) // no attempt will help
		}
		return Features{Cells: len(s.File)}, nil
	}
	worker := task.NewWorker(ExtractFeatures, extract, task.WorkerConfig{Concurrency: 8})
	fmt.Println(worker.Run(context.Background()))
	// Output: task: worker of extract-features: no Bootstrap: give the brokers' addresses, host:port
}

func ExampleAttemptOf() {
	extract := func(ctx context.Context, s Site) (Features, error) {
		a, _ := task.AttemptOf(ctx)
		// The id is the same in all attempts, so what is stored under it counts once.
		return Features{Cells: len(s.File)}, store(a.ID, s.File)
	}
	_ = task.NewWorker(ExtractFeatures, extract, task.WorkerConfig{Bootstrap: "localhost:9092"})
	fmt.Println(extract(context.Background(), Site{File: "a01.tif"}))
	// Output: {7} <nil>
}

func store(string, string) error { return nil }

func ExamplePermanent() {
	err := fmt.Errorf("site A01: %w", task.Permanent(errors.New("no such file")))
	fmt.Println(err, task.IsPermanent(err), task.IsPermanent(errors.New("disk full")))
	// Output: site A01: no such file true false
}
