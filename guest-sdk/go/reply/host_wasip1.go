package reply

import (
	"runtime"
	"unsafe"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/abi"
	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/failure"
)

//go:wasmimport tenterhook:webhook/reply@0.1.0 start
func replyStart(status uint32, headers unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/reply@0.1.0 write
func replyWrite(chunk unsafe.Pointer, length uint32, result unsafe.Pointer)

func start(status uint32, headers []tenterhook.Header) error {
	pairs := make([]abi.Pair, len(headers))
	for index, header := range headers {
		pairs[index] = abi.Pair{Name: abi.Lower(header.Name), Value: abi.Lower(header.Value)}
	}
	result := abi.Returned[abi.Short]()
	replyStart(status, unsafe.Pointer(unsafe.SliceData(pairs)), uint32(len(pairs)), unsafe.Pointer(result))
	runtime.KeepAlive(pairs)
	return errorOf(result)
}

func write(chunk []byte) error {
	result := abi.Returned[abi.Short]()
	bytes, length := abi.Parts(chunk)
	replyWrite(bytes, length, unsafe.Pointer(result))
	runtime.KeepAlive(chunk)
	return errorOf(result)
}

// errorOf gives the error of a variant `error`, in the contract's order.
func errorOf(result *abi.Short) error {
	if result.IsError == 0 {
		return nil
	}
	found := abi.As[abi.Text](&result.Case)
	switch found.Tag {
	case 0:
		return ErrNoSender
	case 1:
		return ErrClosed
	case 2:
		return &failure.Failure{Kind: ErrInvalid, Text: found.Text.String()}
	default:
		return &failure.Failure{Kind: ErrLimit, Text: found.Text.String()}
	}
}
