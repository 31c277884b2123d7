package window_test

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/window"
)

func ExampleTumbling() {
	w := window.Tumbling(time.Minute, window.NoGrace)
	for start := range w.Starts(125_000) {
		fmt.Println(start, w.End(start))
	}
	fmt.Println(window.Tumbling(0, window.NoGrace).Err())
	// Output:
	// 120000 180000
	// window: Tumbling(0s, 0s): size is zero: make it at least 1ms
}

func ExampleHopping() {
	w := window.Hopping(time.Minute, 20*time.Second, 10*time.Second)
	for start := range w.Starts(125_000) {
		fmt.Println(start, w.End(start))
	}
	fmt.Println("kept for", w.Retention(), "ms")
	// Output:
	// 80000 140000
	// 100000 160000
	// 120000 180000
	// kept for 70000 ms
}

// A window ends with each record, and each window takes in all records of the 10 seconds before.
func ExampleSliding() {
	w := window.Sliding(10*time.Second, window.NoGrace)
	fmt.Println("the window that ends at 12 s starts at", 12_000-w.Size(), "and is closed by a record after", w.End(2_000)+w.Grace())
	// Output: the window that ends at 12 s starts at 2000 and is closed by a record after 12000
}

func ExampleUnlimited() {
	launch := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	w := window.Unlimited(launch)
	for _, at := range []time.Time{launch.Add(-time.Millisecond), launch, launch.Add(24 * time.Hour)} {
		n := 0
		for range w.Starts(at.UnixMilli()) {
			n++
		}
		fmt.Println(at.Format(time.DateOnly), "is in", n)
	}
	// Output:
	// 2026-10-31 is in 0
	// 2026-11-01 is in 1
	// 2026-11-02 is in 1
}

func ExampleSession() {
	w := window.Session(4*time.Hour, 24*time.Hour)
	fmt.Println(w.Gap(), w.Grace(), w.Retention(), w.Err())
	// Output: 14400000 86400000 100800000 <nil>
}

func ExampleKeySerde() {
	s := window.KeySerde(serde.String())
	b, err := s.Append(nil, window.Key[string]{Key: "A01", Start: 1, End: 2})
	fmt.Printf("%x %v\n", b, err)
	fmt.Printf("%s decides the partition\n", serde.PartitionBytes(s, b))
	// Output:
	// 41303100000000000000020000000000000001 <nil>
	// A01 decides the partition
}

func ExampleTimeKeySerde() {
	s := window.TimeKeySerde(serde.String(), time.Minute)
	b, err := s.Append(nil, window.Key[string]{Key: "A01", Start: 60_000, End: 120_000})
	fmt.Printf("%x %v\n", b, err)
	k, err := s.Decode(b)
	fmt.Println(k, err)
	// Output:
	// 413031000000000000ea60 <nil>
	// [A01@60000/120000] <nil>
}
