package runtime

import (
	"fmt"
	"runtime/debug"
)

// panicError is a panic of a callback.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	return fmt.Sprintf("a callback panicked: %v\n%s", e.value, e.stack)
}

// Stack is where it panicked.
func (e *panicError) Stack() []byte { return e.stack }

// Unwrap lets an error that was thrown be found.
func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// process is the engine's Process. A callback that panics has failed like one that returns an error: the record is named,
// and the policy for failures asked, so that one bad record cannot take the application down again and again.
func (t *task) process(limit int) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = t.engine.Panicked(&panicError{v, debug.Stack()})
		}
	}()
	return t.engine.Process(limit)
}

// safely runs a part of the engine that calls callbacks for no record: a punctuation, what waits for the commit.
func safely(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{v, debug.Stack()}
		}
	}()
	return f()
}
