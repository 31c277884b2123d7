package stream_test

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// Each image is numbered within its plate. The plates stay the keys, so counting them needs no repartition.
func ExampleStream_ProcessFixedKey() {
	images := topology.NewTopic[string, string]("images") // plate -> file
	numbered := topology.NewTopic[string, string]("numbered")

	b := topology.New("numbered")
	numbers := state.KeyValue[string, int64]("numbers")
	stream.From(b, images).
		ProcessFixedKey(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			last, err := numbers.Open(c)
			return func(r stream.Record[string, string]) error {
				n, _, err := last.Get(r.Key)
				if err != nil {
					return err
				}
				if err := last.Put(r.Key, n+1); err != nil {
					return err
				}
				r.Value = fmt.Sprintf("%s is number %d", r.Value, n+1)
				return c.Forward(r)
			}, err
		}, topology.WithStores(numbers)).
		To(numbered)

	d := testkit.Drive(b)
	d.Input(images).Pipe("plate-1", "A01.tif", 0)
	d.Input(images).Pipe("plate-1", "A02.tif", 1)
	d.Output(numbered).Print()
	// Output:
	// plate-1 -> A01.tif is number 1 at 0
	// plate-1 -> A02.tif is number 2 at 1
}

// Every full hour, whenever the program was started.
func ExampleContext_EveryFrom() {
	images := topology.NewTopic[string, string]("images")
	hours := topology.NewTopic[string, int64]("hours")

	b := topology.New("hours")
	stream.From(b, images).
		Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, string]) error, error) {
			c.EveryFrom(time.Hour.Milliseconds(), time.Hour, func(now int64) error {
				return c.Forward(stream.Record[string, int64]{Key: "hour", Value: now / time.Hour.Milliseconds(), Timestamp: now})
			})
			return func(stream.Record[string, string]) error { return nil }, nil
		}).
		To(hours)

	d := testkit.Drive(b)
	d.Advance(40 * time.Minute)
	d.Advance(40 * time.Minute)
	d.Advance(40 * time.Minute)
	d.Output(hours).Print()
	// Output:
	// hour -> 1 at 4800000
	// hour -> 2 at 7200000
}

// Once a day of stream time, at six.
func ExampleContext_EveryStreamTimeFrom() {
	images := topology.NewTopic[string, string]("images")
	days := topology.NewTopic[string, string]("days")

	b := topology.New("days")
	stream.From(b, images).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			six := (6 * time.Hour).Milliseconds()
			c.EveryStreamTimeFrom(six, 24*time.Hour, func(now int64) error {
				return c.Forward(stream.Record[string, string]{Key: "day", Value: time.UnixMilli(now).UTC().Format("15:04"), Timestamp: now})
			})
			return func(stream.Record[string, string]) error { return nil }, nil
		}).
		To(days)

	d := testkit.Drive(b)
	for hour := range int64(50) {
		d.Input(images).Pipe("A01", "A01.tif", hour*time.Hour.Milliseconds())
	}
	fmt.Println(d.Output(days).Values())
	// Output: [06:00 06:00]
}
