package outbound

import (
	"errors"
	"os"
	"unsafe"

	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/abi"
	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/failure"
)

// codes are the cases of WASI's `error-code`, in its order.
var codes = [...]string{
	"DNS-timeout", "DNS-error", "destination-not-found", "destination-unavailable", "destination-IP-prohibited",
	"destination-IP-unroutable", "connection-refused", "connection-terminated", "connection-timeout", "connection-read-timeout",
	"connection-write-timeout", "connection-limit-reached", "TLS-protocol-error", "TLS-certificate-error", "TLS-alert-received",
	"HTTP-request-denied", "HTTP-request-length-required", "HTTP-request-body-size", "HTTP-request-method-invalid",
	"HTTP-request-URI-invalid", "HTTP-request-URI-too-long", "HTTP-request-header-section-size", "HTTP-request-header-size",
	"HTTP-request-trailer-section-size", "HTTP-request-trailer-size", "HTTP-response-incomplete", "HTTP-response-header-section-size",
	"HTTP-response-header-size", "HTTP-response-body-size", "HTTP-response-trailer-section-size", "HTTP-response-trailer-size",
	"HTTP-response-transfer-coding", "HTTP-response-content-coding", "HTTP-response-timeout", "HTTP-upgrade-failed",
	"HTTP-protocol-error", "loop-detected", "configuration-error", "internal-error",
}

// errorOf says what a code means to who sent the request.
func errorOf(code *errorCode) error {
	tooLate := func(what string) error {
		return &late{failure.Failure{Kind: os.ErrDeadlineExceeded, Text: what + " took too long"}}
	}
	limit := func(what string) error {
		return &failure.Failure{Kind: ErrLimit, Text: "there are more " + what + " than there may be"}
	}
	name := codes[code.tag]
	switch name {
	case "HTTP-request-denied", "destination-IP-prohibited":
		return ErrDenied
	case "DNS-timeout":
		return tooLate("resolving the name")
	case "connection-timeout":
		return tooLate("connecting")
	case "connection-read-timeout":
		return tooLate("a piece of the answer")
	case "connection-write-timeout":
		return tooLate("a piece of the request")
	case "HTTP-response-timeout":
		return tooLate("the answer")
	case "connection-limit-reached":
		return limit("requests")
	case "HTTP-request-body-size":
		return limit("bytes of the request's body")
	case "HTTP-response-body-size":
		return limit("bytes of the answer's body")
	case "DNS-error":
		return errors.New("the name leads nowhere")
	case "connection-refused":
		return errors.New("the connection was refused")
	case "TLS-certificate-error":
		return errors.New("the certificate is not trusted")
	case "TLS-protocol-error":
		return errors.New("TLS failed")
	case "internal-error":
		if code.text.IsSome != 0 {
			return errors.New(code.text.Text.String())
		}
	}
	return errors.New("the request failed: " + name)
}

// streamError says why a stream failed; it takes the error's handle.
func streamError(handle uint32) error {
	defer dropError(handle)
	found := abi.Returned[struct {
		isSome uint8
		_      [7]byte
		code   errorCode
	}]()
	httpErrorCode(handle, unsafe.Pointer(found))
	if found.isSome != 0 {
		return errorOf(&found.code)
	}
	text := abi.Returned[abi.List]()
	errorText(handle, unsafe.Pointer(text))
	return errors.New(text.String())
}
