package store

import "fmt"

// damaged says what to do about bytes that the store did not write, or wrote with another serde.
func damaged(name string, err error) error {
	return fmt.Errorf("store %s: %w: the store is damaged, or its key's or value's type has changed: delete the task's directory and the store "+
		"is restored from its changelog; if the type has changed, give the store a new name", name, err)
}
