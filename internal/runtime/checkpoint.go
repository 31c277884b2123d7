package runtime

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// The metadata of an offset is a checkpoint, a semicolon and the id of the topic that the offset is of: one that was made anew
// must not be read on from there. A task's checkpoint travels with its first source's offset: a letter for the version, and
// base64, since the coordinator alters what is not UTF-8.
const (
	checkpointV1 = "m1:"
	topicMark    = ";"
	maxTopicID   = 40
	maxMetadata  = 4096 // the broker's default, offset.metadata.max.bytes
)

func metadata(checkpoint, topicID string) string {
	if topicID == "" {
		return checkpoint
	}
	return checkpoint + topicMark + topicID
}

// splitMetadata returns what metadata was made of. Topics of old brokers have no id, nor have offsets that other tools set.
func splitMetadata(s string) (checkpoint, topicID string) {
	checkpoint, topicID, _ = strings.Cut(s, topicMark)
	return checkpoint, topicID
}

func encodeCheckpoint(task string, b []byte) (string, error) {
	s := checkpointV1 + base64.RawStdEncoding.EncodeToString(b)
	if len(s)+maxTopicID > maxMetadata {
		return "", fmt.Errorf("runtime: task %s: its operators' clocks and schedules take %d characters in the offset commit, and a broker takes %d: "+
			"split the topology with Repartition, so that fewer operators are in one task", task, len(s), maxMetadata-maxTopicID)
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
