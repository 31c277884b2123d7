package stream_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// A record that fails is put before the error policy: here it is dropped and counted.
func ExampleStream_ProcessValues() {
	readings := topology.NewTopic[string, string]("readings")
	focus := topology.NewTopic[string, float64]("focus_scores")

	b := topology.New("focus")
	stream.From(b, readings).
		ProcessValues(func(_ context.Context, r stream.Record[string, string]) (float64, error) {
			return strconv.ParseFloat(r.Value, 64)
		}).
		To(focus)

	d := testkit.Drive(b, testkit.SkipErrors())
	d.Input(readings).Pipe("A01", "0.75", 0)
	d.Input(readings).Pipe("A02", "out of focus", 1)
	d.Output(focus).Print()
	fmt.Println("dropped:", d.Dropped())
	// Output:
	// A01 -> 0.75 at 0
	// dropped: 1
}

// Only the first image of each well passes.
func ExampleStream_Process() {
	images := topology.NewTopic[string, string]("images") // well -> file
	firsts := topology.NewTopic[string, string]("first_images")

	b := topology.New("first-images")
	seen := state.KeyValue[string, bool]("seen")
	stream.From(b, images).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			wells, err := seen.Open(c)
			if err != nil {
				return nil, err
			}
			return func(r stream.Record[string, string]) error {
				if _, again, err := wells.Get(r.Key); again || err != nil {
					return err
				}
				if err := wells.Put(r.Key, true); err != nil {
					return err
				}
				return c.Forward(r)
			}, nil
		}, topology.WithStores(seen)).
		To(firsts)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "A01_s1.tif", 0)
	d.Input(images).Pipe("A01", "A01_s2.tif", 1)
	d.Input(images).Pipe("A02", "A02_s1.tif", 2)
	d.Output(firsts).Print()
	// Output:
	// A01 -> A01_s1.tif at 0
	// A02 -> A02_s1.tif at 2
}

// A plate that sends no image for a minute is reported once. What a processor remembers is in a store: a variable would
// keep what a failed commit undoes.
func ExampleContext_Every() {
	images := topology.NewTopic[string, string]("images") // plate -> file
	idle := topology.NewTopic[string, int64]("idle_plates")

	b := topology.New("idle")
	seen := state.KeyValue[string, int64]("seen")
	stream.From(b, images).
		Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, string]) error, error) {
			plates, err := seen.Open(c)
			if err != nil {
				return nil, err
			}
			c.Every(10*time.Second, func(now int64) error {
				for plate, err := range plates.All() {
					if err != nil {
						return err
					}
					if now-plate.Value < time.Minute.Milliseconds() {
						continue
					}
					if err := plates.Delete(plate.Key); err != nil {
						return err
					}
					if err := c.Forward(stream.Record[string, int64]{Key: plate.Key, Value: plate.Value, Timestamp: now}); err != nil {
						return err
					}
				}
				return nil
			})
			return func(r stream.Record[string, string]) error { return plates.Put(r.Key, c.WallTime()) }, nil
		}, topology.WithStores(seen)).
		To(idle)

	d := testkit.Drive(b)
	d.Input(images).Pipe("plate-1", "A01.tif", 0)
	d.Advance(50 * time.Second)
	d.Advance(30 * time.Second)
	d.Output(idle).Print()
	// Output: plate-1 -> 0 at 80000
}

// Stream time moves with records only, so this gives the same whenever it runs.
func ExampleContext_EveryStreamTime() {
	images := topology.NewTopic[string, string]("images")
	ticks := topology.NewTopic[string, int64]("ticks")

	b := topology.New("ticks")
	stream.From(b, images).
		Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, string]) error, error) {
			c.EveryStreamTime(time.Second, func(now int64) error {
				return c.Forward(stream.Record[string, int64]{Key: "stream time", Value: now, Timestamp: now})
			})
			return func(stream.Record[string, string]) error { return nil }, nil
		}).
		To(ticks)

	d := testkit.Drive(b)
	for _, at := range []int64{300, 600, 1200, 4700} {
		d.Input(images).Pipe("A01", "A01.tif", at)
	}
	d.Output(ticks).Print()
	// Output:
	// stream time -> 300 at 300
	// stream time -> 1200 at 1200
	// stream time -> 4700 at 4700
}

// What Skip drops is counted and logged with its topic, partition and offset.
func ExampleContext_Skip() {
	images := topology.NewTopic[string, string]("images")
	named := topology.NewTopic[string, string]("named_images")

	b := topology.New("skip")
	stream.From(b, images).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			return func(r stream.Record[string, string]) error {
				if r.Value == "" {
					c.Skip("an image without a file")
					return nil
				}
				return c.Forward(r)
			}, nil
		}).
		To(named)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "", 0)
	d.Input(images).Pipe("A02", "A02.tif", 1)
	d.Output(named).Print()
	fmt.Println("dropped:", d.Dropped())
	// Output:
	// A02 -> A02.tif at 1
	// dropped: 1
}

// Any number of records for one, with times and headers of one's own.
func ExampleContext_Forward() {
	plates := topology.NewTopic[string, int64]("plates") // plate -> wells
	wells := topology.NewTopic[string, string]("wells")

	b := topology.New("wells")
	stream.From(b, plates).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, int64]) error, error) {
			return func(r stream.Record[string, int64]) error {
				for i := range r.Value {
					well := stream.Record[string, string]{Key: r.Key, Value: fmt.Sprintf("A%02d", i+1), Timestamp: r.Timestamp + i}
					if err := c.Forward(well); err != nil {
						return err
					}
				}
				return nil
			}, nil
		}).
		To(wells)

	d := testkit.Drive(b)
	d.Input(plates).Pipe("plate-1", 2, 10)
	d.Output(wells).Print()
	// Output:
	// plate-1 -> A01 at 10
	// plate-1 -> A02 at 11
}
