package serde

// Partitioned is implemented by the serde of a key of which only a part decides the partition: a windowed key must lie where the
// key in it lies, or it would part from the records that it was made of.
type Partitioned interface {
	// PartitionBytes returns the part of an encoded key that the partitioner hashes, as a sub-slice of encoded. It returns
	// all of encoded if that is too short to be such a key.
	PartitionBytes(encoded []byte) []byte
}

// PartitionBytes returns what the partitioner hashes of a key that s encoded: all of it unless s is [Partitioned].
func PartitionBytes[T any](s Serde[T], encoded []byte) []byte {
	if p, ok := s.(Partitioned); ok {
		return p.PartitionBytes(encoded)
	}
	return encoded
}
