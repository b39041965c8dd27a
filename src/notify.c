/*
 * tocsin-notify TITLE BODY - one notice on the desktop
 *
 * A program of its own, because a desktop's bus can hang and the console must not.
 */
#include "config.h"

#include <libnotify/notify.h>
#include <stdio.h>
#include <unistd.h>

#define GIVE_UP_S 5

int main(int argc, char **argv)
{
	NotifyNotification *notice;
	int code = 0;

	if (argc != 3) {
		fputs("usage: tocsin-notify TITLE BODY\n", stderr);
		return 2;
	}
	alarm(GIVE_UP_S);
	if (!notify_init("tocsin"))
		return 1;
	notice = notify_notification_new(argv[1], argv[2], "dialog-warning");
	notify_notification_set_urgency(notice, NOTIFY_URGENCY_CRITICAL);
	if (!notify_notification_show(notice, NULL))
		code = 1;
	g_object_unref(G_OBJECT(notice));
	notify_uninit();
	return code;
}
