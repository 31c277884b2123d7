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
