package stream_test

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// The image and the focus of a site come within a minute of each other, in either order.
func ExampleStream_JoinStream() {
	images := topology.NewTopic[string, string]("images") // site -> file
	focus := topology.NewTopic[string, float64]("focus")  // site -> score
	scored := topology.NewTopic[string, string]("scored")

	b := topology.New("scored")
	stream.From(b, images).
		JoinStream(stream.From(b, focus), window.Joined(time.Minute, window.NoGrace), func(file string, score float64) string {
			return fmt.Sprintf("%s %.1f", file, score)
		}, topology.As("scores")).
		To(scored)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "a.tif", 0)
	d.Input(focus).Pipe("A02", 0.7, 10_000)
	d.Input(focus).Pipe("A01", 0.9, 20_000)
	d.Input(images).Pipe("A02", "b.tif", 40_000)
	d.Input(focus).Pipe("A01", 0.1, 60_001) // too far from a.tif
	d.Output(scored).Print()
	// Output:
	// A01 -> a.tif 0.9 at 20000
	// A02 -> b.tif 0.7 at 40000
}

// An image without a focus is told of when a minute and the grace of ten seconds have passed, which takes a record that moves
// stream time on.
func ExampleStream_LeftJoinStream() {
	images := topology.NewTopic[string, string]("images")
	focus := topology.NewTopic[string, float64]("focus")
	scored := topology.NewTopic[string, string]("scored")

	b := topology.New("scored")
	stream.From(b, images).
		LeftJoinStream(stream.From(b, focus), window.Joined(time.Minute, 10*time.Second), func(file string, score float64, ok bool) string {
			if !ok {
				return file + " unfocused"
			}
			return fmt.Sprintf("%s %.1f", file, score)
		}, topology.As("scores")).
		To(scored)

	d := testkit.Drive(b)
	d.Input(images).Pipe("A01", "a.tif", 0)
	d.Input(images).Pipe("A02", "b.tif", 5000)
	d.Input(focus).Pipe("A02", 0.9, 20_000)
	d.Input(images).Pipe("A03", "c.tif", 70_000) // a.tif could still be focused by a record at 60,000
	d.Input(images).Pipe("A04", "d.tif", 70_001)
	d.Output(scored).Print()
	// Output:
	// A02 -> b.tif 0.9 at 20000
	// A01 -> a.tif unfocused at 0
}

// Orders and payments, each of which may be missing; a payment may be up to an hour younger than its order, and never older.
func ExampleStream_OuterJoinStream() {
	orders := topology.NewTopic[string, string]("orders")
	payments := topology.NewTopic[string, string]("payments")
	books := topology.NewTopic[string, string]("books")

	match := func(order string, ordered bool, payment string, paid bool) string {
		switch {
		case !paid:
			return order + " is not paid"
		case !ordered:
			return payment + " is for nothing"
		default:
			return order + " is paid: " + payment
		}
	}

	b := topology.New("books")
	stream.From(b, orders).
		OuterJoinStream(stream.From(b, payments), window.Joined(time.Hour, window.NoGrace).Before(0), match, topology.As("match")).
		To(books)

	d := testkit.Drive(b)
	minute := time.Minute.Milliseconds()
	d.Input(orders).Pipe("o1", "lens", 0)
	d.Input(orders).Pipe("o2", "slide", 0)
	d.Input(payments).Pipe("o1", "10 EUR", 30*minute)
	d.Input(payments).Pipe("o3", "5 EUR", 30*minute)
	d.Input(orders).Pipe("o4", "stain", 61*minute)
	d.Output(books).Print()
	// Output:
	// o1 -> lens is paid: 10 EUR at 1800000
	// o2 -> slide is not paid at 0
	// o3 -> 5 EUR is for nothing at 1800000
}
