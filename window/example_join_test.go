package window_test

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/window"
)

func ExampleJoined() {
	within := window.Joined(time.Minute, 10*time.Second)
	fmt.Println(within.Bounds())
	fmt.Println("kept for", within.Retention(), "ms")

	answers := within.Before(0).After(time.Hour) // what answers is never older, and up to an hour younger
	fmt.Println(answers.Bounds())
	fmt.Println(window.Joined(time.Minute, -time.Second).Err())
	// Output:
	// 60000 60000
	// kept for 130000 ms
	// 0 3600000
	// window: Joined(1m0s, -1s): grace is negative: make it at least 0
}
