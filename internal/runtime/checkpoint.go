package runtime

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// A task's checkpoint travels as the metadata of its first source's offset: a letter for the version, and base64, since
// the coordinator alters what is not UTF-8.
const (
	checkpointV1 = "m1:"
	maxMetadata  = 4096 // the broker's default, offset.metadata.max.bytes
)

func encodeCheckpoint(task string, b []byte) (string, error) {
	s := checkpointV1 + base64.RawStdEncoding.EncodeToString(b)
	if len(s) > maxMetadata {
		return "", fmt.Errorf("runtime: task %s: its operators' clocks and schedules take %d characters in the offset commit, and a broker takes %d: "+
			"split the topology with Repartition, so that fewer operators are in one task", task, len(s), maxMetadata)
	}
	return s, nil
}

// decodeCheckpoint returns nil for metadata that is not a checkpoint: offsets may have been reset by other tools.
func decodeCheckpoint(s string) ([]byte, error) {
	enc, ok := strings.CutPrefix(s, checkpointV1)
	if !ok {
		return nil, nil
	}
	b, err := base64.RawStdEncoding.DecodeString(enc)
	if err != nil {
		return nil, fmt.Errorf("runtime: the offset commit's metadata %q is damaged: reset the application's offsets: %w", s, err)
	}
	return b, nil
}
