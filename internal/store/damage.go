package store

import "fmt"

// damaged says what to do about bytes that the store did not write, or wrote with another serde.
func (s *core[V]) damaged(err error) error {
	return s.failed(fmt.Errorf("%w: the store is damaged, or its key's or value's type has changed: delete the task's directory and the store "+
		"is restored from its changelog; if the type has changed, give the store a new name", err))
}

// failed notes that the store cannot be read, which is no fault of the record being processed.
func (s *core[V]) failed(err error) error {
	s.ctx.Fault = fmt.Errorf("store %s: %w", s.name, err)
	return s.ctx.Fault
}
