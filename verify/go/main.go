// Command verify checks ledgerline's proofs with nothing of ledgerline: signed notes and Merkle proofs are
// those of golang.org/x/mod/sumdb/{note,tlog}, the archive is Go's own. The format is described in
// docs/reference/proof.md.
//
//	verify bundle FILE VKEY                    a bundle of `ledgerline audit prove`
//	verify consistency OLD-CHECKPOINT PROOF VKEY
//
// PROOF is the text that a witness is asked with: `old N`, hashes, an empty line, the newer signed checkpoint.
// Exit code 0: everything holds. 1: something does not, and is named. 2: wrong usage.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The files of the top that the manifest names, sorted.
var named = []string{"checkpoint", "events.sha256", "index.html", "index.json", "key.vkey"}

// Only in some bundles: a time stamp of the checkpoint, and the list of attached files (of an inspection).
var optional = []string{"attached.sha256", "checkpoint.tsr"}

const recordings = "attached/recordings/"

type bundleIndex struct {
	Format string
	Origin string
	Size   int64
	Events []struct {
		Index         int64
		RecordedAt    string `json:"recorded_at"`
		Stream        string
		StreamVersion int64 `json:"stream_version"`
		Kind          string
	}
}

type envelope struct {
	Stream        string
	StreamVersion int64 `json:"stream_version"`
	Kind          string
	Data          struct {
		RecordingSha256 string `json:"recording_sha256"`
	}
}

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "bundle":
		err = checkBundle(os.Args[2], os.Args[3])
	case len(os.Args) == 5 && os.Args[1] == "consistency":
		err = checkConsistency(os.Args[2], os.Args[3], os.Args[4])
	default:
		fmt.Fprintln(os.Stderr, "usage: verify bundle FILE VKEY | verify consistency OLD-CHECKPOINT PROOF VKEY")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "does not hold:", err)
		os.Exit(1)
	}
	fmt.Println("holds")
}

// open answers the text of a note that the key signed.
func open(signed []byte, vkey string) (string, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return "", err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	return opened.Text, nil
}

// readCheckpoint reads origin, size and root; the origin is the name of the key that signed.
func readCheckpoint(signed []byte, vkey string) (checkpoint, error) {
	var read checkpoint
	text, err := open(signed, vkey)
	if err != nil {
		return read, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != strings.SplitN(vkey, "+", 2)[0] {
		return read, errors.New("checkpoint: it is not origin, size and root")
	}
	read.origin = lines[0]
	read.size, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(read.size, 10) != lines[1] || read.size < 0 {
		return read, errors.New("checkpoint: its size is no number")
	}
	read.root, err = tlog.ParseHash(lines[2])
	return read, err
}

func checkBundle(file, vkey string) error {
	archive, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	files, err := unpack(archive)
	if err != nil {
		return err
	}
	if strings.TrimSuffix(string(files["key.vkey"]), "\n") != vkey {
		return errors.New("the key inside is not the one that is trusted")
	}
	if err := checkManifest(files, vkey); err != nil {
		return err
	}
	at, err := readCheckpoint(files["checkpoint"], vkey)
	if err != nil {
		return err
	}
	var index bundleIndex
	if err := json.Unmarshal(files["index.json"], &index); err != nil {
		return err
	}
	if index.Format != "ledgerline-bundle/1" || index.Origin != at.origin || index.Size != at.size {
		return errors.New("index.json names another format or checkpoint")
	}
	attached, err := checkAttached(files)
	if err != nil {
		return err
	}
	if len(files) != 1+len(namedIn(files))+len(attached)+2*len(index.Events) {
		return errors.New("there are files that index.json does not name")
	}
	recorded := map[string]bool{}
	for _, event := range index.Events {
		name := fmt.Sprintf("events/%012d", event.Index)
		record, ok := files[name+".record"]
		if !ok {
			return fmt.Errorf("there is no %s.record", name)
		}
		var said envelope
		if err := json.Unmarshal(record, &said); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if call, ok := strings.CutPrefix(said.Stream, "call-"); ok {
			recorded[call+" "+said.Data.RecordingSha256] = true
		}
		if said.Stream != event.Stream || said.StreamVersion != event.StreamVersion || said.Kind != event.Kind {
			return fmt.Errorf("%s is not what index.json says", name)
		}
		recorded, err := time.Parse(time.RFC3339Nano, event.RecordedAt)
		if err != nil {
			return err
		}
		entry := binary.BigEndian.AppendUint64(nil, uint64(recorded.UnixNano()/1000))
		leaf := tlog.RecordHash(append(entry, record...))
		if err := checkInclusion(files[name+".tlog-proof"], files["checkpoint"], event.Index, at, leaf); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range attached {
		call, ok := strings.CutPrefix(name, recordings)
		if !ok {
			continue
		}
		call = strings.TrimSuffix(call, ".wav")
		if !recorded[fmt.Sprintf("%s %x", call, sha256.Sum256(files[name]))] {
			return fmt.Errorf("the recording of call %s is not the one that its records name", call)
		}
	}
	fmt.Printf("%d events under the checkpoint of %d events of %s\n", len(index.Events), at.size, at.origin)
	return nil
}

// header is the only one that a bundle has for a file of this name and size.
func header(name string, size int) []byte {
	block := make([]byte, 512)
	copy(block, name)
	copy(block[100:], fmt.Sprintf("0000644\x000000000\x000000000\x00%011o\x0000000000000\x00        0", size))
	copy(block[257:], "ustar\x0000")
	sum := 0
	for _, octet := range block {
		sum += int(octet)
	}
	copy(block[148:], fmt.Sprintf("%07o\x00", sum))
	return block
}

// unpack reads the archive and packs it again: no byte of it may be outside its files.
func unpack(archive []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	var again bytes.Buffer
	reader := tar.NewReader(bytes.NewReader(archive))
	last := ""
	for {
		found, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			return nil, err
		}
		if found.Name <= last || len(found.Name) >= 100 {
			return nil, errors.New("the archive's names are not sorted, or too long")
		}
		last = found.Name
		files[found.Name] = content
		again.Write(header(found.Name, len(content)))
		again.Write(content)
		again.Write(make([]byte, (512-len(content)%512)%512))
	}
	again.Write(make([]byte, 1024))
	if !bytes.Equal(again.Bytes(), archive) {
		return nil, errors.New("the archive is not the one its files make")
	}
	return files, nil
}

func checkManifest(files map[string][]byte, vkey string) error {
	text, err := open(files["MANIFEST"], vkey)
	if err != nil {
		return fmt.Errorf("MANIFEST: %w", err)
	}
	if strings.Count(string(files["MANIFEST"]), "\n— ") != 1 {
		return errors.New("MANIFEST has not one signature")
	}
	if text != "ledgerline-bundle/1\n"+sums(files, namedIn(files)) {
		return errors.New("a file is not the one MANIFEST names")
	}
	var events []string
	for name := range files {
		if strings.HasPrefix(name, "events/") {
			events = append(events, name)
		}
	}
	sort.Strings(events)
	if string(files["events.sha256"]) != sums(files, events) {
		return errors.New("an event's file is not the one events.sha256 names")
	}
	return nil
}

// namedIn answers the files of the top that the manifest of this bundle names, sorted.
func namedIn(files map[string][]byte) []string {
	found := append([]string{}, named...)
	for _, name := range optional {
		if _, ok := files[name]; ok {
			found = append(found, name)
		}
	}
	sort.Strings(found)
	return found
}

// checkAttached answers the names of the attached files, once their list names all of them as they are.
func checkAttached(files map[string][]byte) ([]string, error) {
	var attached []string
	for name := range files {
		if strings.HasPrefix(name, "attached/") {
			attached = append(attached, name)
		}
	}
	sort.Strings(attached)
	listed, isListed := files["attached.sha256"]
	if isListed != (len(attached) > 0) || string(listed) != sums(files, attached) {
		return nil, errors.New("an attached file is not the one attached.sha256 names")
	}
	return attached, nil
}

func sums(files map[string][]byte, names []string) string {
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return text.String()
}

// hashLines reads base64 hashes up to an empty line, and answers what is behind it.
func hashLines(text string) ([]tlog.Hash, string, error) {
	var hashes []tlog.Hash
	for {
		line, rest, found := strings.Cut(text, "\n")
		if !found {
			return nil, "", errors.New("the proof does not end")
		}
		text = rest
		if line == "" {
			return hashes, text, nil
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, "", errors.New("a line of the proof is no hash")
		}
		hashes = append(hashes, tlog.Hash(*(*[tlog.HashSize]byte)(raw)))
	}
}

func checkInclusion(proof, signed []byte, index int64, at checkpoint, leaf tlog.Hash) error {
	head := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", index)
	text := string(proof)
	if !strings.HasPrefix(text, head) {
		return errors.New("the proof is of another event")
	}
	hashes, rest, err := hashLines(text[len(head):])
	if err != nil {
		return err
	}
	if rest != string(signed) {
		return errors.New("the proof ends at another checkpoint")
	}
	return tlog.CheckRecord(hashes, at.size, at.root, index, leaf)
}

func checkConsistency(oldFile, proofFile, vkey string) error {
	oldText, err := os.ReadFile(oldFile)
	if err != nil {
		return err
	}
	older, err := readCheckpoint(oldText, vkey)
	if err != nil {
		return err
	}
	proof, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	head := fmt.Sprintf("old %d\n", older.size)
	if !strings.HasPrefix(string(proof), head) {
		return errors.New("the proof begins at another size")
	}
	hashes, rest, err := hashLines(string(proof)[len(head):])
	if err != nil {
		return err
	}
	newer, err := readCheckpoint([]byte(rest), vkey)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(hashes, newer.size, newer.root, older.size, older.root); err != nil {
		return err
	}
	fmt.Printf("the %d events of %s begin with the %d of before\n", newer.size, newer.origin, older.size)
	return nil
}
