/* A program as a device has one: it calls what was emitted for it, and answers whoever gets in. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <signal.h>
#include "policym2m_openssl.h"

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    static const unsigned char id[] = "program";
    SSL_CTX_set_session_id_context(context, id, sizeof id);
    if (policym2m_apply(context) != 1) {
        printf("policym2m_apply failed\n");
        return 1;
    }
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 8) != 0 || getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        return 2;
    printf("ACCEPT 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        char question[256];
        SSL *ssl = SSL_new(context);
        SSL_set_fd(ssl, connection);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, question, sizeof question) > 0) {
            SSL_write(ssl, "200 ok", 6);
            SSL_shutdown(ssl);
        }
        SSL_free(ssl);
        close(connection);
    }
}
