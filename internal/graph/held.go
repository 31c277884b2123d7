package graph

import "errors"

// Held is a record that an operator held back and lets go while another is processed. Where it fails further on it is to
// blame itself: leaving out the other one would only have the next one fail.
type Held struct {
	Node  *Node // the operator
	Topic string
	Raw   Raw
}

// HeldError is the failure of a record that was held back.
type HeldError struct {
	Held Held
	Err  error
}

func (e *HeldError) Error() string {
	return "held back by " + e.Held.Node.Name + " (" + e.Held.Node.At + "), then: " + e.Err.Error()
}
func (e *HeldError) Unwrap() error { return e.Err }

// LetGo calls forward as if h were the record being processed, unless the error policy has dropped h.
func (c *Context) LetGo(h *Held, forward func() error) error {
	before, topic, partition, offset, headers := c.Held, c.Topic, c.Partition, c.Offset, c.Headers
	c.Held, c.Topic, c.Partition, c.Offset, c.Headers = h, h.Topic, h.Raw.Partition, h.Raw.Offset, h.Raw.Headers
	dropped, err := false, error(nil)
	if c.DroppedFunc != nil {
		dropped, err = c.DroppedFunc(h)
	}
	if err == nil && !dropped {
		err = forward()
	}
	c.Held, c.Topic, c.Partition, c.Offset, c.Headers = before, topic, partition, offset, headers
	if _, ok := errors.AsType[*UserError](err); !ok {
		return err
	}
	if _, ok := errors.AsType[*HeldError](err); ok { // by an operator further on
		return err
	}
	return &HeldError{*h, err}
}
