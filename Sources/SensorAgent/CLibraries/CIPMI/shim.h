#pragma once
#include <errno.h>
#include <linux/ipmi.h>
#include <string.h>
#include <sys/ioctl.h>

// The ioctl numbers are cast macros that Swift cannot import, and the structures hold addresses of one another.

// Bytes of one message: IPMI_MAX_MSG_LENGTH of the kernel, which its header for programs leaves out.
enum { callhome_ipmi_bytes = 272 };

// Hands a command to the driver, which does not wait for the answer; 0 or errno.
static inline int callhome_ipmi_send(
    int file, long id, unsigned char owner, unsigned char channel, unsigned char lun, unsigned char function,
    unsigned char command, const unsigned char *data, int count) {
    struct ipmi_system_interface_addr own;
    struct ipmi_ipmb_addr other;
    struct ipmi_req request;
    memset(&own, 0, sizeof own);
    memset(&other, 0, sizeof other);
    memset(&request, 0, sizeof request);
    own.addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE;
    own.channel = IPMI_BMC_CHANNEL;
    own.lun = lun;
    other.addr_type = IPMI_IPMB_ADDR_TYPE;
    other.channel = channel;
    other.slave_addr = owner;
    other.lun = lun;
    request.addr = owner == 0x20 ? (unsigned char *)&own : (unsigned char *)&other;
    request.addr_len = owner == 0x20 ? sizeof own : sizeof other;
    request.msgid = id;
    request.msg.netfn = function;
    request.msg.cmd = command;
    request.msg.data_len = count;
    request.msg.data = (unsigned char *)data;
    return ioctl(file, IPMICTL_SEND_COMMAND, &request) < 0 ? errno : 0;
}

// What the driver says of a message beside its data.
struct callhome_ipmi_head {
    int type;
    long id;
    unsigned char function;
    unsigned char command;
    int count;
};

// Takes one message; `data` has room for callhome_ipmi_bytes. 0 or errno, EAGAIN where there is none.
static inline int callhome_ipmi_receive(int file, struct callhome_ipmi_head *head, unsigned char *data) {
    struct ipmi_addr from;
    struct ipmi_recv message;
    memset(&message, 0, sizeof message);
    message.addr = (unsigned char *)&from;
    message.addr_len = sizeof from;
    message.msg.data = data;
    message.msg.data_len = callhome_ipmi_bytes;
    if (ioctl(file, IPMICTL_RECEIVE_MSG_TRUNC, &message) < 0) return errno;
    head->type = message.recv_type;
    head->id = message.msgid;
    head->function = message.msg.netfn;
    head->command = message.msg.cmd;
    head->count = message.msg.data_len;
    return 0;
}
