package bench_test

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/bench"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// BenchmarkEndToEnd runs the job on the embedded broker (with MILLRACE_BOOTSTRAP on that one): ten plates wait in the
// input topic; the time is from when the application runs until the last site is read from the sink. Allocations and CPU
// are of the whole process, so also those of the broker, where it is embedded, and of the reader.
func BenchmarkEndToEnd(b *testing.B) {
	for _, g := range []millrace.Guarantee{millrace.ExactlyOnce, millrace.AtLeastOnce} {
		b.Run("guarantee="+g.String(), func(b *testing.B) {
			b.StopTimer()
			total, sum := 0, usage{}
			for total < b.N {
				sum = sum.plus(round(b, g), 1)
				total += platesPerRound * bench.ImagesPerPlate
			}
			images := float64(total)
			b.ReportMetric(images/sum.wall.Seconds(), "images/s")
			b.ReportMetric(float64(sum.mallocs)/images, "allocs/image")
			b.ReportMetric(float64(sum.cpu.Nanoseconds())/images, "cpu-ns/image")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// usage is what the process has used, or uses in a time.
type usage struct {
	wall, cpu time.Duration
	mallocs   uint64
}

func used(since time.Time) usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{time.Since(since), cpuTime(), m.Mallocs}
}

func (u usage) plus(o usage, sign int) usage {
	return usage{u.wall + time.Duration(sign)*o.wall, u.cpu + time.Duration(sign)*o.cpu, u.mallocs + uint64(sign)*o.mallocs}
}

func round(b *testing.B, g millrace.Guarantee) usage {
	bootstrap := brokertest.Bootstrap(b)
	n := bench.Names{
		Images: brokertest.UniqueName(b, "images"), Metadata: brokertest.UniqueName(b, "metadata"), Sites: brokertest.UniqueName(b, "sites"),
	}
	for _, name := range []string{n.Images, n.Metadata, n.Sites} {
		brokertest.Topics(b, bootstrap, brokertest.Topic{Name: name, Partitions: 4})
	}
	start := time.Now().Add(-24 * time.Hour).UnixMilli()
	produce := func(topic string, events ...bench.Event) {
		records := make([]brokertest.Record, len(events))
		for i, e := range events {
			records[i] = brokertest.Record{Key: e.Key, Value: e.Value, Timestamp: time.UnixMilli(e.TS)}
		}
		brokertest.Produce(b, bootstrap, topic, records...)
	}
	for p := range platesPerRound {
		about, err := bench.MetadataEvent(p, start)
		if err != nil {
			b.Fatal(err)
		}
		produce(n.Metadata, about)
		events, err := bench.PlateEvents(p, start, true)
		if err != nil {
			b.Fatal(err)
		}
		produce(n.Images, events...)
	}
	app := brokertest.UniqueName(b, "job")
	topo, err := bench.ByHand(app, n)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	running, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- millrace.Run(ctx, topo, millrace.Config{
			Bootstrap: bootstrap, Guarantee: g, StateDir: b.TempDir(), ReplicationFactor: 1, Logger: slog.New(slog.DiscardHandler),
			OnState: func(s millrace.State) {
				if s == millrace.StateRunning {
					select {
					case running <- struct{}{}:
					default:
					}
				}
			},
		})
	}()
	select {
	case <-running:
	case err := <-ended:
		b.Fatalf("the application ended before it ran: %v", err)
	}
	began := time.Now()
	before := used(began)
	b.StartTimer() // without it the benchmark would never have run for long enough
	brokertest.Consume(b, bootstrap, n.Sites, platesPerRound*bench.SitesPerPlate, 2*time.Minute)
	b.StopTimer()
	took := used(began).plus(before, -1)
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	brokertest.DeleteTopics(b, bootstrap, app+"-site-repartition", app+"-by-experiment-repartition", app+"-sites-changelog", app+"-tasks", app+"-members")
	return took
}
