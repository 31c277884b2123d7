package millrace

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/engine"
)

// Policy says what becomes of a record that failed: [Fail], [Skip], or a function that looks at it first.
type Policy func(Failure) Verdict

// Verdict is a policy's word.
type Verdict int

// The verdicts.
const (
	Stop Verdict = iota // the application stops with the error
	Drop                // the record is counted, logged and left out
)

// Fail is the policy that stops the application.
func Fail(Failure) Verdict { return Stop }

// Skip is the policy that leaves the record out.
func Skip(Failure) Verdict { return Drop }

// Failure is a record that could not be processed, and why.
type Failure struct {
	Topic      string
	Partition  int32
	Offset     int64
	Operator   string // and where it was drawn; "": the record did not decode, or a callback panicked
	Key, Value []byte // as they came; not to be changed
	Err        error
}

// verdict turns a policy into the engine's.
func (p Policy) verdict() func(*engine.RecordError) engine.Verdict {
	if p == nil {
		return nil
	}
	return func(e *engine.RecordError) engine.Verdict {
		f := Failure{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Key: e.Raw.Key, Value: e.Raw.Value, Err: e.Err}
		if e.Node != nil {
			f.Operator = fmt.Sprintf("%s (%s)", e.Node.Name, e.Node.At)
		}
		if p(f) == Drop {
			return engine.Ignore
		}
		return engine.Fail
	}
}
