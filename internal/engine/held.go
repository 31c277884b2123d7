package engine

import (
	"errors"
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
)

// heldName names a record that an operator holds back. By its key alone, one that came after it would be left out where the record
// that let it go is left out itself.
func heldName(h *graph.Held) string {
	return fmt.Sprintf("%s %s %d %d %s", h.Node.Name, h.Topic, h.Raw.Partition, h.Raw.Offset, h.Raw.Key)
}

// blame makes it the error of a record that was held back. Its topic may be none of the task's any more.
func (t *Task) blame(re *RecordError, h *graph.Held) {
	re.Raw, re.held = h.Raw, heldName(h)
	if t.byTopic[h.Topic] != nil {
		re.Topic, re.Partition, re.Offset = h.Topic, h.Raw.Partition, h.Raw.Offset
	}
}

// failedHeld asks the error policy about a record that was held back and failed while none was processed: at a commit or by
// the clock. Other errors stay as they are.
func (t *Task) failedHeld(err error) error {
	h, ok := errors.AsType[*graph.HeldError](err)
	if !ok {
		return err
	}
	re := &RecordError{Topic: h.Held.Topic, Partition: h.Held.Raw.Partition, Offset: h.Held.Raw.Offset, Err: err}
	if u, ok := errors.AsType[*graph.UserError](err); ok {
		re.Node = u.Node
	}
	t.blame(re, &h.Held)
	return t.judge(re)
}

// judge asks the error policy about a record that has begun to take effect.
func (t *Task) judge(re *RecordError) error {
	switch t.ask(t.cfg.OnProcess, re) {
	case Fail:
		return re
	case Again:
		return &RetryError{re}
	default:
		return &ReplayError{re}
	}
}

// isDropped reports whether the error policy has dropped a record that was held back, and leaves it out then.
func (t *Task) isDropped(h *graph.Held) (bool, error) {
	if len(t.heldOut) == 0 {
		return false, nil
	}
	re := t.heldOut[heldName(h)]
	if re == nil {
		return false, nil
	}
	re.spent = true // and is held no longer, once that is committed
	return true, t.leaveOut(re)
}
